/** Batches of a video: the last one may be smaller than the others. */
export function countBatches(uniqueFrames: number, batchSize: number): number {
  return Math.ceil(uniqueFrames / batchSize);
}

/** The unique frames of a batch: `first` to `last`, both included, numbered from 0 among the unique ones. */
export function batchRange(batch: number, uniqueFrames: number, batchSize: number) {
  return { first: batch * batchSize, last: Math.min(uniqueFrames, (batch + 1) * batchSize) - 1 };
}

/** The lane that does a batch: they go round. */
export function laneOf(batch: number, lanes: number): number {
  return batch % lanes;
}

/** How many of the batches with numbers from `first` up to but not including `end` a lane does. */
export function batchesOfLane(lane: number, lanes: number, first: number, end: number): number {
  return countUpTo(end, lane, lanes) - countUpTo(first, lane, lanes);
}

/** Batches of a lane with numbers below `end`. */
function countUpTo(end: number, lane: number, lanes: number): number {
  return Math.max(0, Math.ceil((end - lane) / lanes));
}

/** Lanes by the memory of a GPU: below so many GB, so many. */
const slots = [
  { belowGb: 5, lanes: 1 },
  { belowGb: 7, lanes: 2 },
  { belowGb: 10, lanes: 3 },
] as const;
const mostLanes = 4;

/**
 * How many engine processes a GPU is first given, before a probe shows what it really bears.
 *
 * @param vramGb - The GPU's memory in GB.
 */
export function lanesForVram(vramGb: number): number {
  return slots.find(({ belowGb }) => vramGb < belowGb)?.lanes ?? mostLanes;
}
