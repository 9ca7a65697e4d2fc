import { createHash } from 'node:crypto';
import { ticksToSeconds } from '../../core/frames/fraction.ts';
import { MaskTracker, type TrackedRegion } from '../../core/regions/mask-tracker.ts';
import {
  type FrameGeometry,
  pixelsOf,
  type Region,
  type RegionMask,
} from '../../core/regions/place-region.ts';
import type { MaskFile } from '../../core/video/video-plan.ts';
import { AppError } from '../../errors/app-error.ts';
import type { Ports } from '../../ports/ports.ts';
import { isPicture } from '../video/plan-clip.ts';

/** Frames for which a mask is wanted. */
interface MaskedFrames {
  readonly geometry: FrameGeometry;
  /** When each frame is shown, in seconds from the first one. */
  readonly seconds: readonly number[];
}

/** Luma from here on is white. */
const white = 128;
/** Clocks of containers round to a millisecond. */
const toleranceSeconds = 0.0015;

/**
 * The regions that a picture or a video covers with white: it is stretched over the picture as shown. A video's masks are
 * those at the frames' times; after its end nothing is masked.
 *
 * @throws AppError `video-unreadable`; `usage-invalid` for a mask without any white.
 */
export async function placeMasks(
  path: string,
  { geometry, seconds }: MaskedFrames,
  { video }: Pick<Ports, 'video'>,
  signal: AbortSignal,
): Promise<{
  readonly regions: readonly Region[];
  readonly masks: MaskFile;
  readonly notices: readonly string[];
}> {
  const facts = await video.inspect(path, signal).catch((error: unknown) => {
    throw error instanceof AppError && error.code === 'video-unreadable' ? unreadable(path, error) : error;
  });
  const { timeBase } = facts.video;
  const places = pixelsOf(geometry, facts.video);
  const tracker = new MaskTracker(geometry.frame);
  const mask = new Uint8Array(places.length);
  /** The next frame's mask where it differs from that of the frame before. */
  let next: Uint8Array | null = null;
  let frame = 0;
  const addUntil = (endSeconds: number) => {
    for (; frame < seconds.length && (seconds[frame] ?? 0) < endSeconds - toleranceSeconds; frame++) {
      tracker.add(next);
      next = null;
    }
  };
  let [start, end, hash] = [Number.NaN, Number.POSITIVE_INFINITY, ''];
  const scan = video.scan(path, facts.video, { withPictures: true, keepGoing: false }, signal);
  for await (const { time, duration, hash: newHash, picture } of scan) {
    if (Number.isNaN(start)) start = time;
    addUntil(ticksToSeconds(time - start, timeBase));
    if (frame === seconds.length) break;
    end = duration > 0 ? ticksToSeconds(time + duration - start, timeBase) : Number.POSITIVE_INFINITY;
    if (newHash === hash || picture === null) continue;
    hash = newHash;
    for (let at = 0; at < places.length; at++) mask[at] = (picture[places[at] ?? 0] ?? 0) >= white ? 1 : 0;
    next = mask;
  }
  addUntil(isPicture(facts) ? Number.POSITIVE_INFINITY : end);
  const missing = seconds.length - frame;
  if (missing > 0) next = mask.fill(0);
  addUntil(Number.POSITIVE_INFINITY);
  const tracked = tracker.finish();
  if (tracked.length === 0) throw noWhite(path);
  const ends = `The mask ends before the last ${missing} frames: it has no effect on them.`;
  return { ...stored(tracked), notices: missing > 0 ? [ends] : [] };
}

/** Puts masks into one file, equal ones once. */
function stored(tracked: readonly TrackedRegion[]) {
  const places = new Map<string, Omit<RegionMask, 'frames'>>();
  const lines: string[] = [];
  let sizeBytes = 0;
  const placeOf = (text: string) => {
    const known = places.get(text);
    if (known) return known;
    const place = { at: sizeBytes, bytes: text.length };
    places.set(text, place);
    lines.push(`${text}\n`);
    sizeBytes += text.length + 1;
    return place;
  };
  const regions = tracked.map(
    ({ masks, ...region }): Region => ({
      ...region,
      masks: masks.map(({ frames, text }) => ({ frames, ...placeOf(text) })),
    }),
  );
  const hash = createHash('sha256');
  for (const line of lines) hash.update(line, 'latin1');
  return { regions, masks: { lines, sha256: hash.digest('hex'), sizeBytes } };
}

function unreadable(path: string, error: AppError): AppError {
  return new AppError({
    code: 'video-unreadable',
    message: `The mask ${path} is not a readable picture or video: ${error.message}`,
    nextStep: 'Use a PNG, a JPEG or a video that is white where the video is to be processed.',
  });
}

function noWhite(path: string): AppError {
  return new AppError({
    code: 'usage-invalid',
    message: `The mask ${path} has no white area while the video is shown.`,
    nextStep: 'The video is processed where the mask is white, and kept where it is black.',
  });
}
