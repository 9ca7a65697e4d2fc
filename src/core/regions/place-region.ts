import type { Rect } from '../detect/detection.ts';
import { type Fraction, fractionValue } from '../frames/fraction.ts';
import type { FrameContext, Segment } from '../frames/plan-segments.ts';
import type { Timeline } from '../frames/timeline.ts';
import type { VideoStreamFacts } from '../frames/video-facts.ts';
import { displaySize, formatSize, type Size } from '../hints/display-size.ts';
import type { Length, Moment, RegionText } from './region-text.ts';

/** A rectangle in whole pixels of a frame, from its top left corner. */
export interface Box extends Size {
  readonly x: number;
  readonly y: number;
}

/** A box and the frames that it is processed in. Frames are numbered from 0. */
export interface Region {
  readonly firstFrame: number;
  /** At least 1. */
  readonly frames: number;
  readonly box: Box;
  /** Which pixels of the box, in order; together they are of all its frames. Missing: all. */
  readonly masks?: readonly RegionMask[];
}

/** A mask of a region's box, in the run's file of masks. */
export interface RegionMask extends MaskPlace {
  /** How many frames in a row have it. */
  readonly frames: number;
}

/** A line of a file, in bytes. */
interface MaskPlace {
  readonly at: number;
  readonly bytes: number;
}

/** How frames are processed beside how they are shown. */
export interface FrameGeometry {
  readonly video: Pick<VideoStreamFacts, 'size' | 'sampleAspect' | 'rotationDegrees'>;
  /** Whether frames were turned already, as the file's rotation says. */
  readonly isTurned: boolean;
  /** Of the frames as they are processed. */
  readonly frame: Size;
}

/** Room for the rounding of fractions that mean whole pixels: what is written has thousandths of a pixel. */
const epsilon = 2e-3;

/**
 * Where a region lies in the frames as they are processed, and in which of them.
 *
 * @returns a sentence that says what is wrong where it lies in none.
 */
export function placeRegion(
  region: RegionText,
  geometry: FrameGeometry,
  timeline: Pick<Timeline, 'times'> & { readonly timeBase: Fraction },
): Region | string {
  const shares = sharesOf(region, geometry.video);
  if (typeof shares === 'string') return shares;
  const box = boxInFrame(shares, geometry);
  const frames = timeline.times.length;
  const first = region.from === null ? 0 : firstFrameOf(region.from, timeline);
  const end = region.to === null ? frames : Math.min(frames, endFrameOf(region.to, timeline));
  if (first >= frames) return `it begins after the last of the ${frames} frames.`;
  if (end <= first) return 'no frame is shown in that time.';
  return { firstFrame: first, frames: end - first, box };
}

/** The size of the picture as shown, in pixels. */
export function shownSize({ video }: Pick<FrameGeometry, 'video'>): Size {
  const { width, height } = displaySize({ ...video.size, ...video });
  return { width, height };
}

/** Where a box of a frame lies in the picture as shown, in fractions of its sides. */
export function shownBox({ x, y, width, height }: Box, { video, isTurned, frame }: FrameGeometry): Box {
  const turn = isTurned ? 0 : video.rotationDegrees;
  const [ax, ay] = turned(x / frame.width, y / frame.height, turn);
  const [bx, by] = turned((x + width) / frame.width, (y + height) / frame.height, turn);
  return { x: Math.min(ax, bx), y: Math.min(ay, by), width: Math.abs(bx - ax), height: Math.abs(by - ay) };
}

/** The edges of a region, in shares of the sides of the picture as shown. */
function sharesOf(region: RegionText, video: FrameGeometry['video']): Rect | string {
  const shown = shownSize({ video });
  const left = shareOf(region.x, shown.width);
  const top = shareOf(region.y, shown.height);
  const right = Math.min(1, left + shareOf(region.width, shown.width));
  const bottom = Math.min(1, top + shareOf(region.height, shown.height));
  if (left >= 1 || top >= 1) return `it lies outside the picture, which is ${formatSize(shown)} as shown.`;
  return { left, top, right, bottom };
}

/**
 * Where a part of the shown picture lies in the frames as they are processed, rounded outward to whole pixels.
 *
 * @param shares - Its edges in shares of the shown picture's sides, from 0 to 1.
 */
export function boxInFrame(
  { left, top, right, bottom }: Rect,
  { video, isTurned, frame }: FrameGeometry,
): Box {
  const turn = isTurned ? 0 : video.rotationDegrees;
  const corners = [turnedBack(left, top, turn), turnedBack(right, bottom, turn)] as const;
  const [[ax, ay], [bx, by]] = corners;
  const x = Math.floor(Math.min(ax, bx) * frame.width + epsilon);
  const y = Math.floor(Math.min(ay, by) * frame.height + epsilon);
  const endX = Math.min(frame.width, Math.ceil(Math.max(ax, bx) * frame.width - epsilon));
  const endY = Math.min(frame.height, Math.ceil(Math.max(ay, by) * frame.height - epsilon));
  return { x, y, width: Math.max(1, endX - x), height: Math.max(1, endY - y) };
}

function shareOf({ value, unit }: Length, side: number): number {
  return unit === '%' ? value / 100 : value / side;
}

/** A point of the shown picture in the picture as stored, which a player turns clockwise; both from 0 to 1. */
function turnedBack(
  u: number,
  v: number,
  degrees: VideoStreamFacts['rotationDegrees'],
): readonly [number, number] {
  if (degrees === 90) return [v, 1 - u];
  if (degrees === 180) return [1 - u, 1 - v];
  return degrees === 270 ? [1 - v, u] : [u, v];
}

/**
 * For each pixel of a frame as it is processed, row by row, which pixel of another picture lies over it when both fill the
 * shown picture: its number in that picture as it is stored.
 */
export function pixelsOf(
  { video, isTurned, frame }: FrameGeometry,
  other: Pick<VideoStreamFacts, 'size' | 'rotationDegrees'>,
): Int32Array {
  const turn = isTurned ? 0 : video.rotationDegrees;
  const { width, height } = other.size;
  const pixels = new Int32Array(frame.width * frame.height);
  for (let row = 0; row < frame.height; row++) {
    for (let column = 0; column < frame.width; column++) {
      const shown = turned((column + 0.5) / frame.width, (row + 0.5) / frame.height, turn);
      const [across, down] = turnedBack(...shown, other.rotationDegrees);
      const [x, y] = [Math.floor(across * width), Math.floor(down * height)];
      pixels[row * frame.width + column] = Math.min(height - 1, y) * width + Math.min(width - 1, x);
    }
  }
  return pixels;
}

/** The other way round than {@link turnedBack}. */
function turned(u: number, v: number, degrees: VideoStreamFacts['rotationDegrees']) {
  return turnedBack(u, v, degrees === 90 ? 270 : degrees === 270 ? 90 : degrees);
}

function firstFrameOf(moment: Moment, timeline: TimesOf): number {
  return 'frame' in moment ? moment.frame - 1 : firstFrameAt(moment.seconds, timeline);
}

/** The frame after the last one. */
function endFrameOf(moment: Moment, timeline: TimesOf): number {
  return 'frame' in moment ? moment.frame : firstFrameAt(moment.seconds, timeline);
}

type TimesOf = Pick<Timeline, 'times'> & { readonly timeBase: Fraction };

/** Number of the first frame that is shown from this second on or later. */
function firstFrameAt(seconds: number, { times, timeBase }: TimesOf): number {
  const ticks = (times[0] ?? 0) + (seconds - epsilon) / fractionValue(timeBase);
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] ?? 0) < ticks) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * The unique frames of a video in which regions begin and end: those that there are, and each frame from which on other
 * regions are processed, though it shows the same picture as the one before.
 */
export function splitAtRegions(
  uniqueFrames: Int32Array,
  frames: number,
  regions: readonly Region[],
): Int32Array {
  const firsts = new Set(uniqueFrames);
  for (const { firstFrame, frames: count, masks = [] } of regions) {
    firsts.add(firstFrame);
    if (firstFrame + count < frames) firsts.add(firstFrame + count);
    let frame = firstFrame;
    for (const mask of masks) {
      firsts.add(frame);
      frame += mask.frames;
    }
  }
  return Int32Array.from(firsts).sort();
}

/** Where a region lies among some unique frames, which are counted from 0. */
interface RegionWithin {
  readonly first: number;
  /** At least 1. */
  readonly count: number;
  readonly box: Box;
  readonly masks?: readonly (MaskPlace & { readonly count: number })[];
}

/** Regions among so many unique frames from this one on. Each region begins and ends with a unique frame. */
export function regionsWithin(
  { firstUnique, uniqueFrames: count }: Pick<Segment, 'firstUnique' | 'uniqueFrames'>,
  regions: readonly Region[],
  { uniqueFrames, times }: Pick<Timeline, 'uniqueFrames' | 'times'>,
): RegionWithin[] {
  const own = uniqueFrames.subarray(firstUnique, firstUnique + count);
  const endFrame = uniqueFrames[firstUnique + count] ?? times.length;
  return regions.flatMap(({ firstFrame, frames, box, masks }) => {
    if (firstFrame >= endFrame || firstFrame + frames <= (own[0] ?? 0)) return [];
    const [first, end] = [placeIn(own, firstFrame), placeIn(own, firstFrame + frames)];
    if (end <= first) return [];
    const region = { first, count: end - first, box };
    return [masks ? { ...region, masks: masksWithin(masks, firstFrame, own) } : region];
  });
}

/** How many of these frames come before this one. */
function placeIn(own: Int32Array, frame: number): number {
  const place = own.findIndex((each) => each >= frame);
  return place < 0 ? own.length : place;
}

function masksWithin(masks: readonly RegionMask[], firstFrame: number, own: Int32Array) {
  let frame = firstFrame;
  return masks.flatMap(({ frames, at, bytes }) => {
    const first = placeIn(own, frame);
    frame += frames;
    const count = placeIn(own, frame) - first;
    return count > 0 ? [{ count, at, bytes }] : [];
  });
}

/** The frames around a segment that an engine looks at which sees so many unique ones to either side of a region's. */
export function contextAround(
  segment: Pick<Segment, 'firstUnique' | 'uniqueFrames'>,
  regions: readonly Region[],
  timeline: Pick<Timeline, 'uniqueFrames' | 'times'>,
  radius: number,
): FrameContext {
  const { firstUnique, uniqueFrames } = segment;
  const found = radius === 0 ? [] : regionsWithin(segment, regions, timeline);
  let [before, after] = [0, 0];
  for (const { first, count } of found) {
    before = Math.max(before, radius - first);
    after = Math.max(after, radius - (uniqueFrames - first - count));
  }
  const left = timeline.uniqueFrames.length - firstUnique - uniqueFrames;
  return { before: Math.min(before, firstUnique), after: Math.min(after, left) };
}
