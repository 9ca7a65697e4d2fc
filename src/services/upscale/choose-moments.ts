import { filterReach } from '../../core/frames/frame-filters.ts';
import { frameBytes } from '../../core/frames/frame-format.ts';
import { pixelFamily } from '../../core/frames/pixel-family.ts';
import type { Timeline } from '../../core/frames/timeline.ts';
import type { VideoFacts } from '../../core/frames/video-facts.ts';
import type { Box } from '../../core/regions/place-region.ts';
import type { Moment } from '../../core/regions/region-text.ts';
import { type DetailPlane, detailedCrops, meanDetail } from '../../core/upscale/detailed-crops.ts';
import {
  candidateFrames,
  frameAtMoment,
  momentForms,
  videoSeconds,
} from '../../core/upscale/preview-moments.ts';
import type { PlannedClip } from '../../core/video/video-checkpoint.ts';
import { usageError } from '../../errors/app-error.ts';
import type { Ports } from '../../ports/ports.ts';
import type { SegmentTask } from '../../protocol/segment.ts';
import { keyFramesOf } from '../video/plan-video.ts';
import { filteredOf } from '../video/segment-tasks.ts';

/** A frame that is shown, and the parts of it that are. */
export interface ChosenMoment {
  readonly frame: number;
  readonly crops: readonly Box[];
}

/** A video of which it is known when each frame is shown. */
export interface TimedVideo {
  readonly path: string;
  readonly facts: VideoFacts;
  readonly timeline: Timeline;
  /** Null where frames cannot be found by their times. */
  readonly keyTimes: Float64Array | null;
  /** With frames as they are stored. */
  readonly clip: PlannedClip;
}

/** Moments that are shown where none was named. */
const usualMoments = 3;
const cropsOfMoment = 3;
/** About how large a crop is in the larger frame … */
const cropSize = { width: 320, height: 240 };
/** … and at most of the whole frame, so that there is room for several. */
const mostOfSide = 0.4;

/** Frames and parts of them to show: those that were asked for, else detailed ones from all over the video. */
export async function chooseMoments(
  video: TimedVideo,
  asked: readonly { readonly text: string; readonly moment: Moment }[],
  ports: Pick<Ports, 'frames'>,
  signal: AbortSignal,
): Promise<readonly ChosenMoment[]> {
  const frames = asked.map((one) => askedFrame(one, video));
  const stretches =
    frames.length > 0
      ? [...new Set(frames)].sort((a, b) => a - b).map((frame) => [frame])
      : stretchesOf(video);
  const chosen: ChosenMoment[] = [];
  for (const candidates of stretches) {
    let best: { frame: number; plane: DetailPlane; detail: number } | null = null;
    for (const [at, frame] of candidates.entries()) {
      const plane = await planeOf(frame, video, ports, signal).catch((error: unknown) => {
        signal.throwIfAborted();
        // Another frame of a damaged video may do.
        if (at + 1 < candidates.length || best !== null) return null;
        throw error;
      });
      const detail = plane === null ? -1 : meanDetail(plane);
      if (plane !== null && detail > (best?.detail ?? -1)) best = { frame, plane, detail };
    }
    if (best)
      chosen.push({ frame: best.frame, crops: detailedCrops(best.plane, sizeOfCrops(video), cropsOfMoment) });
  }
  return chosen;
}

function askedFrame(
  { text, moment }: { readonly text: string; readonly moment: Moment },
  { timeline, clip, keyTimes }: TimedVideo,
): number {
  const times = { ...timeline, timeBase: clip.time_base };
  const frame = frameAtMoment(moment, times);
  if (frame === null) {
    const seconds = videoSeconds(times);
    const length = `${Number(seconds.toFixed(3))} s (${timeline.times.length} frames)`;
    throw usageError(
      `--at ${text} is past the end: the video is ${length} long.`,
      `Name a moment before its end, such as ${momentForms}.`,
    );
  }
  if (keyTimes === null && frame > 0)
    throw usageError(
      `--at ${text}: the times of this video had to be fixed, so that only its first frame can be shown.`,
      'Leave out --at.',
    );
  return frame;
}

function stretchesOf({ timeline: { times }, keyTimes }: TimedVideo): readonly (readonly number[])[] {
  // Frames that lie cannot be sought by their time.
  return keyTimes === null
    ? [[0]]
    : candidateFrames(times.length, keyFramesOf(keyTimes, times), usualMoments);
}

/** The frame's first plane: luma, or green. */
async function planeOf(
  frame: number,
  { path, clip: asEncoded, timeline, keyTimes }: TimedVideo,
  { frames }: Pick<Ports, 'frames'>,
  signal: AbortSignal,
): Promise<DetailPlane | null> {
  const { filters: _filters, ...clip } = asEncoded;
  const segment = taskOf({ first: frame, frames: 1 }, { clip, timeline, keyTimes });
  const { width, height, pixel_format: format } = clip.frame;
  const bits = pixelFamily(format)?.bits ?? 8;
  const bytes = bits > 8 ? 2 : 1;
  for await (const raw of frames.decode({ sourcePath: path, segment }, signal)) {
    const plane = raw.slice(
      0,
      Math.min(frameBytes({ width, height, pixelFormat: format }), width * height * bytes),
    );
    const samples = bytes === 2 ? new Uint16Array(plane.buffer, plane.byteOffset, width * height) : plane;
    return { samples, width, height, top: 2 ** bits - 1 };
  }
  return null;
}

/** In the source, and so that they lie as the picture is shown. */
function sizeOfCrops({ clip, facts }: TimedVideo) {
  const isOnItsSide = !clip.is_turned && facts.video.rotationDegrees % 180 !== 0;
  const { width, height } = isOnItsSide ? { width: cropSize.height, height: cropSize.width } : cropSize;
  const side = (wanted: number, { own, larger }: { readonly own: number; readonly larger: number }) =>
    Math.max(16, 2 * Math.round(Math.min((wanted * own) / larger, mostOfSide * own) / 2));
  const { frame, target } = clip;
  return {
    width: side(width, { own: frame.width, larger: target.width }),
    height: side(height, { own: frame.height, larger: target.height }),
  };
}

/** Some frames in a row as a segment of their own. Nothing of it is kept, so that its names may be any. */
export function taskOf(
  { first, frames }: { readonly first: number; readonly frames: number },
  { clip, timeline, keyTimes }: Pick<TimedVideo, 'clip' | 'timeline' | 'keyTimes'>,
): SegmentTask {
  const { times } = timeline;
  const name = '0'.repeat(64);
  const filtered = filteredOf({ firstFrame: first, frames }, clip, timeline);
  const earliest = times[Math.max(0, first - filterReach(clip.filters))] ?? 0;
  return {
    ...{ task_key: name, name: 'preview', segment_id: 0, first_batch: 0 },
    clip: { ...clip, source: name },
    seek_time: keyTimes?.findLast((time) => time <= earliest && time > (times[0] ?? 0)) ?? null,
    first_time: timeline.isMended ? null : (times[first] ?? 0),
    end_time: times[first + frames] ?? null,
    ...(filtered && { filtered: { first_time: filtered.firstTime, end_time: filtered.endTime } }),
    repeats: Array.from({ length: frames }, () => 1),
  };
}
