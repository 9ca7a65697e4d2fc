import {
  createDuplicateFinder,
  type DuplicateMode,
  needsPictures,
} from '../../core/frames/duplicates/duplicate-finder.ts';
import { fractionValue, ticksToSeconds } from '../../core/frames/fraction.ts';
import { repairTimes } from '../../core/frames/repair-times.ts';
import type { TimeBreak } from '../../core/frames/time-breaks.ts';
import type { VideoFacts } from '../../core/frames/video-facts.ts';
import { formatSize } from '../../core/hints/display-size.ts';
import { AppError } from '../../errors/app-error.ts';
import type { Ports } from '../../ports/ports.ts';
import type { VideoObserver } from '../../ports/run-observer.ts';
import type { FormatChange, PacketIndex, ScanEnd } from '../../ports/video-tool.ts';

interface ScanRequest {
  readonly path: string;
  readonly facts: VideoFacts;
  readonly dedupe: DuplicateMode;
  readonly isKeptGoing: boolean;
}

/** The clock of the file breaks, so that its times say nothing of when things are shown. */
export class TimesBreakError extends Error {
  override readonly name = 'TimesBreakError';
  readonly breaks: readonly TimeBreak[];

  constructor(breaks: readonly TimeBreak[]) {
    super("the file's clock jumps");
    this.breaks = breaks;
  }
}

/**
 * Finds out when every frame is shown, and whether it shows something new. Every frame is decoded once for it, except where
 * no frame is looked at and the packets of the file say everything.
 *
 * @returns `keyTimes`: times of the key frames, ascending; null where frames cannot be found by their times. `isUnchecked`:
 * nothing was decoded.
 * @throws TimesBreakError as soon as that is known.
 */
export async function scanVideo(
  request: ScanRequest,
  ports: Pick<Ports, 'video'>,
  observer: VideoObserver,
  signal: AbortSignal,
) {
  const { path, facts, dedupe, isKeptGoing } = request;
  const { video } = facts;
  const reading = ports.video.packetIndex(path, facts, signal);
  reading.catch(() => undefined);
  // What can be read of a damaged file is known only once it is decoded.
  const mayTrustPackets = dedupe === 'off' && !isKeptGoing;
  const known = mayTrustPackets ? await reading : null;
  if (known && known.breaks.length > 0) throw new TimesBreakError(known.breaks);
  const frameTimes = known?.frameTimes ?? null;
  const read =
    frameTimes === null
      ? await decodeThrough(request, reading, ports, observer, signal)
      : listed(frameTimes, observer);
  const { times, unique, lastDuration, end } = read;
  if (times.length === 0) throw noFrames(path);
  const { damage, changes } = end;
  const index = await reading;
  if (index.breaks.length > 0) throw new TimesBreakError(index.breaks);
  const { times: repaired, changed } = repairTimes(Float64Array.from(times), ticksPerFrame(video));
  const last = repaired.at(-1) ?? 0;
  const usual = repaired.length > 1 ? last - (repaired.at(-2) ?? 0) : ticksPerFrame(video);
  const shown = Math.max(
    index.lastDuration ?? (lastDuration > 0 ? lastDuration : usual),
    (video.endTime ?? last) - last,
  );
  return {
    timeline: {
      times: repaired,
      endTime: last + lastShown({ shown, last, first: repaired[0] ?? 0 }, facts),
      uniqueFrames: Int32Array.from(unique),
      isMended: changed > 0,
    },
    isUnchecked: frameTimes !== null,
    // Frames that lie cannot be sought by their time: the video is then done in one piece.
    keyTimes: changed > 0 ? null : index.keyTimes,
    notices: [
      ...(damage === null
        ? []
        : [`The video is damaged, and only what can be read of it is upscaled: ${damage}`]),
      ...(changed === 0
        ? []
        : [`${changed} frames had no time stamp, or one before that of the previous frame: fixed.`]),
      ...changeNotices(changes, repaired, facts),
      ...pauseNotices(repaired, facts),
    ],
  };
}

interface ReadFrames {
  readonly times: ArrayLike<number> & Iterable<number>;
  /** Numbers of the frames that show something new. */
  readonly unique: Iterable<number>;
  /** How long the last one is shown, in ticks; 0 where it is not known. */
  readonly lastDuration: number;
  readonly end: ScanEnd;
}

/** Every frame shows something new, as none is looked at. */
function listed(times: Float64Array, observer: VideoObserver): ReadFrames {
  observer.onScan(times.length, times.length);
  return { times, unique: times.keys(), lastDuration: 0, end: { damage: null, changes: [] } };
}

/** Decodes every frame. A clock that breaks ends it. */
async function decodeThrough(
  { path, facts, dedupe, isKeptGoing }: ScanRequest,
  reading: Promise<PacketIndex>,
  ports: Pick<Ports, 'video'>,
  observer: VideoObserver,
  signal: AbortSignal,
): Promise<ReadFrames> {
  const { video, durationSeconds } = facts;
  const broken = new AbortController();
  const watching = reading.then(({ breaks }) => {
    if (breaks.length > 0) broken.abort(new TimesBreakError(breaks));
  });
  watching.catch(() => undefined);
  const options = { withPictures: needsPictures(dedupe), keepGoing: isKeptGoing };
  const frames = ports.video.scan(path, video, options, AbortSignal.any([signal, broken.signal]));
  const expected =
    durationSeconds === null ? null : Math.round(durationSeconds * fractionValue(video.frameRate));
  const finder = createDuplicateFinder(dedupe, video.size);
  try {
    return await readThrough(frames, finder, (done) => observer.onScan(done, expected));
  } catch (error) {
    // A break may look like damage to the decoder.
    await watching.catch(() => undefined);
    broken.signal.throwIfAborted();
    throw error;
  }
}

async function readThrough(
  frames: ReturnType<Ports['video']['scan']>,
  finder: ReturnType<typeof createDuplicateFinder>,
  onFrame: (done: number) => void,
): Promise<ReadFrames> {
  const times: number[] = [];
  const unique: number[] = [];
  let lastDuration = 0;
  let next = await frames.next();
  for (; !next.done; next = await frames.next()) {
    const { time, duration } = next.value;
    if (!finder.isDuplicate(next.value)) unique.push(times.length);
    times.push(time);
    lastDuration = duration;
    onFrame(times.length);
  }
  return { times, unique, lastDuration, end: next.value };
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
  return durationSeconds === null ? shown : Math.min(shown, Math.max(1, second, left));
}

/** What becomes of frames that are stored in another way than the first. */
function changeNotices(
  changes: readonly FormatChange[],
  times: Float64Array,
  { video }: VideoFacts,
): string[] {
  const [first] = changes;
  if (!first) return [];
  const { from, to } = first;
  const what: string[] = [];
  if (formatSize(from.size) !== formatSize(to.size)) {
    what.push(`size from ${formatSize(from.size)} to ${formatSize(to.size)}`);
  }
  if (from.pixelFormat !== to.pixelFormat) what.push('pixel format');
  if (from.sampleAspect !== to.sampleAspect) {
    what.push(`shape of a pixel from ${from.sampleAspect} to ${to.sampleAspect}`);
  }
  const second =
    first.time === null
      ? ''
      : ` after ${ticksToSeconds(first.time - (times[0] ?? 0), video.timeBase).toFixed(1)} s`;
  const more = changes.length > 1 ? `, and at ${changes.length - 1} later places at least` : '';
  return [
    `The frames change their ${what.join(' and their ')}${second}${more}: all are brought to ${formatSize(video.size)} and ${video.pixelFormat}, as the video begins.`,
  ];
}

/** A still picture of this many seconds may be meant; it may also be a clock that was set in between. */
const longPauseSeconds = 60;

function pauseNotices(times: Float64Array, { video }: VideoFacts): string[] {
  let longest = { seconds: 0, frame: 0 };
  for (let frame = 1; frame < times.length; frame++) {
    const seconds = ticksToSeconds((times[frame] ?? 0) - (times[frame - 1] ?? 0), video.timeBase);
    if (seconds > longest.seconds) longest = { seconds, frame };
  }
  if (longest.seconds < longPauseSeconds) return [];
  return [
    `Frame ${longest.frame} is shown for ${Math.round(longest.seconds)} s, as the file says; the result keeps that.`,
  ];
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
