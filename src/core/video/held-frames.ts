import { type Fraction, fractionValue } from '../frames/fraction.ts';
import { repeatsOf, type Timeline } from '../frames/timeline.ts';

/** A picture that is shown for several frames in a row, of which only the first is upscaled. */
export interface HeldFrame {
  /** Number of its first frame, from 1. */
  readonly frame: number;
  /** Frames that show it: at least 2. */
  readonly frames: number;
  /** How long it is shown. */
  readonly seconds: number;
}

/** Those that are shown for the most frames, at most `limit`, in the order of the video. */
export function longestHeld(timeline: Timeline, timeBase: Fraction, limit: number): HeldFrame[] {
  const longest: { index: number; frames: number }[] = [];
  for (let index = 0; index < timeline.uniqueFrames.length; index++) {
    const frames = repeatsOf(timeline, index);
    const shortest = longest.at(-1);
    if (frames < 2 || (longest.length === limit && shortest && shortest.frames >= frames)) continue;
    if (longest.length === limit) longest.pop();
    longest.push({ index, frames });
    // Stable, so that of equals the earlier one stays.
    longest.sort((one, other) => other.frames - one.frames);
  }
  longest.sort((one, other) => one.index - other.index);
  return longest.map(({ index, frames }) => heldFrame(timeline, timeBase, index, frames));
}

/** Which part of the frames are duplicates, from 0 to 1, in each of up to `parts` stretches of equally many frames. */
export function duplicateShares({ times, uniqueFrames }: Timeline, parts: number): number[] {
  const frames = times.length;
  const stretches = Math.min(parts, frames);
  const uniques = new Array<number>(stretches).fill(0);
  for (const frame of uniqueFrames) {
    const stretch = Math.floor((frame * stretches) / frames);
    uniques[stretch] = (uniques[stretch] ?? 0) + 1;
  }
  return uniques.map((unique, stretch) => {
    const size = startOf(stretch + 1, stretches, frames) - startOf(stretch, stretches, frames);
    return Math.round((1 - unique / size) * 1000) / 1000;
  });
}

/** The first frame of a stretch: the smallest one that `floor(frame * stretches / frames)` puts there. */
function startOf(stretch: number, stretches: number, frames: number): number {
  return Math.ceil((stretch * frames) / stretches);
}

function heldFrame(timeline: Timeline, timeBase: Fraction, index: number, frames: number): HeldFrame {
  const first = timeline.uniqueFrames[index] ?? 0;
  const endTime = timeline.times[first + frames] ?? timeline.endTime;
  const ticks = endTime - (timeline.times[first] ?? endTime);
  return { frame: first + 1, frames, seconds: ticks * fractionValue(timeBase) };
}
