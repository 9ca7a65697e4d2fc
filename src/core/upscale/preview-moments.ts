import { type Fraction, ticksToSeconds } from '../frames/fraction.ts';
import type { Timeline } from '../frames/timeline.ts';
import { type Moment, parseMoment } from '../regions/region-text.ts';

/** How a moment is written, for messages. */
export const momentForms = '12.5, 1:02.5, 1:02:03 or, as the number of a frame, 120f';

/** When frames are shown. */
type ShownTimes = Pick<Timeline, 'times' | 'endTime'> & { readonly timeBase: Fraction };

/** A moment of a video as `--at` takes it; null for what is none. */
export function readMoment(text: string): Moment | null {
  return parseMoment(text) ?? null;
}

/** How long a video is, from its first frame on. */
export function videoSeconds({ times, endTime, timeBase }: ShownTimes): number {
  return ticksToSeconds(endTime - (times[0] ?? 0), timeBase);
}

/** When a frame is shown, from the first frame of the video on. */
export function secondsOfFrame(frame: number, { times, timeBase }: ShownTimes): number {
  return ticksToSeconds((times[frame] ?? 0) - (times[0] ?? 0), timeBase);
}

/** Number of the frame that is shown at a moment, from 0; null where the video has ended by then. */
export function frameAtMoment(moment: Moment, timeline: ShownTimes): number | null {
  const { times } = timeline;
  if ('frame' in moment) return moment.frame <= times.length ? moment.frame - 1 : null;
  if (moment.seconds >= videoSeconds(timeline)) return null;
  // Times are rounded to ticks: what is a hair before a frame means that frame.
  const tick = moment.seconds + ticksToSeconds(0.5, timeline.timeBase);
  let [shown, end] = [0, times.length];
  while (end - shown > 1) {
    const middle = (shown + end) >> 1;
    if (secondsOfFrame(middle, timeline) <= tick) shown = middle;
    else end = middle;
  }
  return shown;
}

/** Stretches of the video, one after the other, and frames of each that may stand for it. */
const candidatesOfStretch = 3;

/**
 * Frames to choose from where no moment was named: some of each of `stretches` parts of the video, the middle one first. A
 * short video has fewer.
 *
 * @param keyFrames - Ascending. The last one before a place is taken for it, unless it is far: others cost more to decode.
 */
export function candidateFrames(
  frames: number,
  keyFrames: ArrayLike<number>,
  stretches: number,
): readonly (readonly number[])[] {
  const length = frames / stretches;
  const order = Array.from({ length: candidatesOfStretch }, (_, index) => index).sort(
    (one, other) => Math.abs(one - 1) - Math.abs(other - 1),
  );
  const taken = new Set<number>();
  const chosen: number[][] = [];
  for (let stretch = 0; stretch < stretches; stretch++) {
    const places = order.map((index) => Math.floor(length * (stretch + (index + 0.5) / candidatesOfStretch)));
    const near = places.map((place) => keyFrameBefore(place, keyFrames, length / candidatesOfStretch / 2));
    const fresh = [...new Set(near)].filter((frame) => frame < frames && !taken.has(frame));
    for (const frame of fresh) taken.add(frame);
    if (fresh.length > 0) chosen.push(fresh);
  }
  return chosen;
}

function keyFrameBefore(place: number, keyFrames: ArrayLike<number>, most: number): number {
  let found = place;
  for (let index = 0; index < keyFrames.length && (keyFrames[index] ?? 0) <= place; index++)
    if (place - (keyFrames[index] ?? 0) <= most) found = keyFrames[index] ?? place;
  return found;
}
