import {
  createDuplicateFinder,
  type DuplicateMode,
  needsPictures,
} from '../../core/frames/duplicates/duplicate-finder.ts';
import { fractionValue } from '../../core/frames/fraction.ts';
import { repairTimes } from '../../core/frames/repair-times.ts';
import type { VideoFacts } from '../../core/frames/video-facts.ts';
import { AppError } from '../../errors/app-error.ts';
import type { Ports } from '../../ports/ports.ts';
import type { UpscaleObserver } from '../../ports/run-observer.ts';

interface ScanRequest {
  readonly path: string;
  readonly facts: VideoFacts;
  readonly dedupe: DuplicateMode;
  readonly isKeptGoing: boolean;
}

/**
 * Decodes every frame once: when it is shown, and whether it shows something new.
 *
 * @returns `keyTimes`: times of the key frames, ascending; null where frames cannot be found by their times.
 */
export async function scanVideo(
  { path, facts, dedupe, isKeptGoing }: ScanRequest,
  ports: Pick<Ports, 'video'>,
  observer: UpscaleObserver,
  signal: AbortSignal,
) {
  const { video, durationSeconds } = facts;
  const keyTimes = ports.video.keyTimes(path, video, signal);
  keyTimes.catch(() => undefined);
  const options = { withPictures: needsPictures(dedupe), keepGoing: isKeptGoing };
  const frames = ports.video.scan(path, video, options, signal);
  const finder = createDuplicateFinder(dedupe, video.size);
  const expected =
    durationSeconds === null ? null : Math.round(durationSeconds * fractionValue(video.frameRate));
  const times: number[] = [];
  const unique: number[] = [];
  let lastDuration = 0;
  let next = await frames.next();
  for (; !next.done; next = await frames.next()) {
    const { time, duration } = next.value;
    if (!finder.isDuplicate(next.value)) unique.push(times.length);
    times.push(time);
    lastDuration = duration;
    observer.onScan(times.length, expected);
  }
  if (times.length === 0) throw noFrames(path);
  const { damage } = next.value;
  const { times: repaired, changed } = repairTimes(Float64Array.from(times), ticksPerFrame(video));
  const last = repaired.at(-1) ?? 0;
  const usual = repaired.length > 1 ? last - (repaired.at(-2) ?? 0) : ticksPerFrame(video);
  return {
    timeline: {
      times: repaired,
      endTime:
        last +
        lastShown({ shown: lastDuration > 0 ? lastDuration : usual, last, first: repaired[0] ?? 0 }, facts),
      uniqueFrames: Int32Array.from(unique),
      isMended: changed > 0,
    },
    // Frames that lie cannot be sought by their time: the video is then done in one piece.
    keyTimes: changed > 0 ? null : await keyTimes,
    notices: [
      ...(damage === null
        ? []
        : [`The video is damaged, and only what can be read of it is upscaled: ${damage}`]),
      ...(changed === 0
        ? []
        : [`${changed} frames had no time of their own, or one before the frame before: mended.`]),
    ],
  };
}

/**
 * How long the last frame is shown, in ticks. Where no container says so, it is guessed from the step between frames: a
 * long one is believed only as far as the video lasts.
 */
function lastShown(
  { shown, last, first }: { readonly shown: number; readonly last: number; readonly first: number },
  { video, durationSeconds }: VideoFacts,
): number {
  const second = Math.round(1 / fractionValue(video.timeBase));
  const left = first + Math.round((durationSeconds ?? 0) / fractionValue(video.timeBase)) - last;
  return Math.min(shown, Math.max(1, second, left));
}

function ticksPerFrame({ timeBase, frameRate }: VideoFacts['video']): number {
  return Math.max(1, Math.round(1 / (fractionValue(timeBase) * fractionValue(frameRate))));
}

function noFrames(path: string): AppError {
  return new AppError({
    code: 'video-unreadable',
    message: `${path} holds no frame that can be decoded.`,
    nextStep: 'Play the video to see whether it is damaged.',
  });
}
