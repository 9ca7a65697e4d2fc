/**
 * When each frame of a video is shown, and which frames show the same picture. Times are ticks of the source's time
 * base. Frames are numbered from 0 here; the names of frames in files count from 1.
 */
export interface Timeline {
  /** Presentation time of each frame, strictly increasing. */
  readonly times: Float64Array;
  /** When the last frame ends. */
  readonly endTime: number;
  /** Some times are not those of the file, so that frames cannot be found by them. */
  readonly isMended?: boolean;
  /** First frames of the runs that show one picture, ascending; the first is 0. A frame in none begins no run. */
  readonly uniqueFrames: Int32Array;
}

/** How many frames the unique frame at this place among the unique ones is shown for. */
export function repeatsOf({ times, uniqueFrames }: Timeline, uniqueIndex: number): number {
  const next = uniqueFrames[uniqueIndex + 1] ?? times.length;
  return next - (uniqueFrames[uniqueIndex] ?? times.length);
}

/** A number and how often it comes in a row. */
export type Run = readonly [value: number, count: number];

/** Times in few numbers: the first, and the steps from one to the next. */
export interface TimeRuns {
  readonly start: number;
  readonly steps: readonly Run[];
}

/** More frames than this are refused: hours at any frame rate, yet little enough to be kept in memory. */
const maxFrames = 2 ** 26;

/** An hour of even frames takes two numbers. */
export function encodeTimes(times: Float64Array): TimeRuns {
  return { start: times[0] ?? 0, steps: encodeRuns(stepsOf(times)) };
}

/**
 * The times that {@link encodeTimes} was given.
 *
 * @throws RangeError for what no strictly increasing times would be encoded as.
 */
export function decodeTimes({ start, steps }: TimeRuns): Float64Array {
  if (!Number.isFinite(start)) throw new RangeError(`no time is ${start}`);
  if (steps.some(([step]) => !(step > 0))) throw new RangeError('times have to increase');
  const times = new Float64Array(countOf(steps) + 1);
  times[0] = start;
  let time = start;
  let at = 1;
  for (const [step, count] of steps) {
    for (let index = 0; index < count; index++) times[at++] = time += step;
  }
  if (!Number.isFinite(time)) throw new RangeError(`no time is ${time}`);
  return times;
}

/** How many frames show each unique frame, in runs. */
export function encodeRepeats({ times, uniqueFrames }: Pick<Timeline, 'times' | 'uniqueFrames'>): Run[] {
  return encodeRuns(repeatCounts(times.length, uniqueFrames));
}

/**
 * The unique frames that {@link encodeRepeats} was given.
 *
 * @param frames - All frames of the video.
 * @throws RangeError for runs that are not those of a video of so many frames.
 */
export function decodeRepeats(runs: readonly Run[], frames: number): Int32Array {
  if (runs.some(([repeats]) => !Number.isInteger(repeats) || repeats < 1)) {
    throw new RangeError('a unique frame is shown at least once');
  }
  const unique = new Int32Array(countOf(runs));
  let frame = 0;
  let at = 0;
  for (const [repeats, count] of runs) {
    for (let index = 0; index < count; index++) {
      unique[at++] = frame;
      frame += repeats;
    }
  }
  if (frame !== frames) throw new RangeError(`unique frames stand for ${frame} frames, not ${frames}`);
  return unique;
}

function* stepsOf(times: Float64Array): Generator<number> {
  for (let index = 1; index < times.length; index++) yield (times[index] ?? 0) - (times[index - 1] ?? 0);
}

function* repeatCounts(frames: number, uniqueFrames: Int32Array): Generator<number> {
  for (const [index, frame] of uniqueFrames.entries()) yield (uniqueFrames[index + 1] ?? frames) - frame;
}

function encodeRuns(values: Iterable<number>): Run[] {
  const runs: [number, number][] = [];
  for (const value of values) {
    const last = runs.at(-1);
    if (last?.[0] === value) last[1]++;
    else runs.push([value, 1]);
  }
  return runs;
}

function countOf(runs: readonly Run[]): number {
  let sum = 0;
  for (const [, count] of runs) {
    if (!Number.isInteger(count) || count < 1) throw new RangeError(`no run has ${count} numbers`);
    sum += count;
  }
  if (sum > maxFrames) throw new RangeError(`${sum} frames are too many`);
  return sum;
}
