/**
 * Makes time stamps strictly increasing. As many as possible stay as they are; those that are missing (not a number),
 * stand still, go back or leap ahead are spread evenly between their neighbours, as whole ticks.
 *
 * @param times - In ticks, one for each frame in the order of showing.
 * @param usualStep - Ticks of a frame where the times do not show it.
 * @returns the times, and how many had to be changed.
 */
export function repairTimes(times: Float64Array, usualStep = 1) {
  if (isIncreasing(times)) return { times, changed: 0 };
  const kept = longestValidRun(times);
  const repaired = new Float64Array(times.length);
  const step = Math.max(1, Math.round(stepOf(times, kept) ?? usualStep));
  const first = kept[0];
  if (first === undefined) return { times: repaired.map((_, index) => index * step), changed: times.length };
  for (let index = 0; index <= first; index++) repaired[index] = (times[first] ?? 0) - (first - index) * step;
  for (let place = 1; place < kept.length; place++)
    spread(times, repaired, kept[place - 1] ?? 0, kept[place] ?? 0);
  const last = kept.at(-1) ?? first;
  for (let index = last; index < times.length; index++)
    repaired[index] = (times[last] ?? 0) + (index - last) * step;
  return { times: repaired, changed: times.length - kept.length };
}

function isIncreasing(times: Float64Array): boolean {
  for (let index = 0; index < times.length; index++) {
    const time = times[index] ?? Number.NaN;
    if (!Number.isFinite(time) || time <= (times[index - 1] ?? Number.NEGATIVE_INFINITY)) return false;
  }
  return true;
}

/**
 * Places of the most times that can stay with room for a whole tick for each between them: the longest run of times
 * that does not fall when each time is counted from its place. Searched from the end, so that of two equals the
 * earlier one stays.
 */
function longestValidRun(times: Float64Array): number[] {
  const after = new Int32Array(times.length).fill(-1);
  /** For each length, the place where a run of that length begins highest. */
  const starts: number[] = [];
  const slack = (place: number) => Math.round(times[place] ?? 0) - place;
  for (let place = times.length - 1; place >= 0; place--) {
    if (!Number.isFinite(times[place])) continue;
    let low = 0;
    let high = starts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (slack(starts[middle] ?? 0) >= slack(place)) low = middle + 1;
      else high = middle;
    }
    after[place] = starts[low - 1] ?? -1;
    starts[low] = place;
  }
  const run: number[] = [];
  for (let place = starts.at(-1) ?? -1; place >= 0; place = after[place] ?? -1) run.push(place);
  return run;
}

/** The mean step between times that stay; null for fewer than two. */
function stepOf(times: Float64Array, kept: readonly number[]): number | null {
  const [first, last] = [kept[0], kept.at(-1)];
  if (first === undefined || last === undefined || last === first) return null;
  return ((times[last] ?? 0) - (times[first] ?? 0)) / (last - first);
}

/** Fills the times between two that stay. */
function spread(times: Float64Array, repaired: Float64Array, from: number, to: number): void {
  const start = times[from] ?? 0;
  const step = ((times[to] ?? 0) - start) / (to - from);
  for (let index = from + 1; index < to; index++) repaired[index] = Math.floor(start + (index - from) * step);
  repaired[to] = times[to] ?? 0;
}
