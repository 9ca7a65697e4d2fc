import { fractionValue } from '../../core/frames/fraction.ts';
import type { StreamPlan } from '../../core/frames/stream-plan.ts';
import type { Timeline } from '../../core/frames/timeline.ts';
import type { VideoFacts } from '../../core/frames/video-facts.ts';
import type { Size } from '../../core/hints/display-size.ts';
import { type RetouchCheckpoint, videoFormatOf } from '../../core/video/video-checkpoint.ts';
import type { ComparedFrame } from '../../core/video/video-report.ts';
import type { VideoRunState } from '../../core/video/video-run-state.ts';
import type { Ports } from '../../ports/ports.ts';
import { plannedStreams } from './plan-sound.ts';
import { fileToRead } from './source-of.ts';
import { decodeTimeline } from './timeline-of.ts';
import { videoReportOf } from './video-report-of.ts';
import type { StoredVideoRun } from './video-types.ts';

/** Frames that are shown before and after. */
const comparedFrames = 4;

/** Sides of a picture before; those after are twice as large, or they would show nothing that was gained. */
const longSidePx = 960;
const shortSidePx = 540;

interface ReportPorts {
  readonly reports: Pick<Ports['reports'], 'writeUpscale'>;
  readonly runs: Pick<Ports['runs'], 'read'>;
  readonly video: Pick<Ports['video'], 'inspect' | 'pictures' | 'removeRetimed'>;
  readonly toolVersion: string;
}

/** Writes both reports of an upscale run as it stands; the result's pictures are in it once the video is finished. */
export async function writeVideoReport(
  run: Pick<StoredVideoRun, 'folder' | 'paths' | 'checkpoint'>,
  state: VideoRunState,
  ports: ReportPorts,
): Promise<void> {
  const { paths, checkpoint } = run;
  // An open run holds the events of earlier sessions only.
  const { events } = await ports.runs.read(videoFormatOf(checkpoint.kind), run.folder);
  const timeline = decodeTimeline(checkpoint);
  const facts = await ports.video
    .inspect(fileToRead(checkpoint).path)
    .catch(() => ports.video.inspect(checkpoint.source.path))
    .catch(() => null);
  const pictures = state.video === null || !facts ? [] : await compare(checkpoint, timeline, facts, ports);
  const { toolVersion } = ports;
  await ports.reports.writeUpscale(
    { json: paths.reportJson, html: paths.reportHtml },
    videoReportOf({ checkpoint, state, events, timeline, facts, toolVersion }),
    pictures,
  );
  // Nothing else of a finished run reads the copy.
  if (state.video !== null && checkpoint.retimed) await ports.video.removeRetimed(checkpoint.retimed.path);
}

/** Some frames before and after, from all over the video; none where they cannot be read any more. */
async function compare(
  checkpoint: StoredVideoRun['checkpoint'],
  timeline: Timeline,
  facts: VideoFacts,
  { video }: Pick<ReportPorts, 'video'>,
): Promise<ComparedFrame[]> {
  const { settings, clip } = checkpoint;
  const plans = plannedStreams(checkpoint, facts);
  const secondsPerTick = fractionValue(clip.time_base);
  const shown = checkpoint.kind === 'retouch' ? framesOfRegions(checkpoint) : framesAllOver(checkpoint);
  const frames = shown.map((frame) => {
    return { frame, seconds: (timeline.times[frame] ?? 0) * secondsPerTick };
  });
  const box = boxFor(facts);
  const growth = checkpoint.kind === 'retouch' ? 1 : 2;
  const larger = { width: growth * box.width, height: growth * box.height };
  try {
    const [before, after] = await Promise.all([
      video.pictures(
        { path: fileToRead(checkpoint).path, place: placeAmongVideos(facts, null) },
        frames,
        box,
      ),
      video.pictures({ path: settings.output, place: placeAmongVideos(facts, plans) }, frames, larger),
    ]);
    return frames.flatMap(({ frame, seconds }, index) => {
      const [one, other] = [before[index], after[index]];
      return one && other ? [{ frame: frame + 1, seconds, before: one, after: other }] : [];
    });
  } catch {
    return [];
  }
}

/** Place of the upscaled video among the source's that are no cover pictures; by what is planned of them, the output's. */
function placeAmongVideos({ video, others }: VideoFacts, plans: readonly StreamPlan[] | null): number {
  const isKept = (stream: number) =>
    plans === null || plans.some(({ index, action }) => index === stream && action !== 'drop');
  return others.filter(
    ({ index, type, isAttachedPicture }) =>
      type === 'video' && !isAttachedPicture && index < video.index && isKept(index),
  ).length;
}

/**
 * First frames of segments from all over the video: in the result they are key frames, and in the source close to one,
 * so that nothing else has to be decoded for them. The very first frame is often black.
 */
function framesAllOver({ segments }: Pick<StoredVideoRun['checkpoint'], 'segments'>): number[] {
  const later = segments.length > comparedFrames ? segments.slice(1) : segments;
  const parts = Math.min(comparedFrames, later.length);
  return Array.from({ length: parts }, (_, part) => {
    return later[Math.floor((part * later.length) / parts)]?.first_frame ?? 0;
  });
}

/** Frames in the middle of regions, each once. */
function framesOfRegions({ regions }: RetouchCheckpoint): number[] {
  const middles = regions.map(({ first_frame: first, frames }) => first + Math.floor(frames / 2));
  const each = [...new Set(middles)].sort((one, other) => one - other);
  const parts = Math.min(comparedFrames, each.length);
  return Array.from({ length: parts }, (_, part) => each[Math.floor((part * each.length) / parts)] ?? 0);
}

function boxFor({ video: { size, rotationDegrees } }: VideoFacts): Size {
  const isStoredUpright = size.height > size.width;
  const isUpright = isStoredUpright !== (rotationDegrees % 180 === 90);
  return isUpright ? { width: shortSidePx, height: longSidePx } : { width: longSidePx, height: shortSidePx };
}
