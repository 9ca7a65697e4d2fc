/** What is known of some samples of the video, in decoding order: 13 bytes for each. */
export interface SampleTable {
  /** In bytes. */
  readonly sizes: Uint32Array;
  /** Which of the frames, in the order they are shown, the sample is. */
  readonly ranks: Uint32Array;
  /** CRC-32 of the samples' bytes. */
  readonly checksums: Uint32Array;
  /** 1 where decoding can begin. */
  readonly keys: Uint8Array;
}

export function makeSampleTable(samples: number): SampleTable {
  return {
    sizes: new Uint32Array(samples),
    ranks: new Uint32Array(samples),
    checksums: new Uint32Array(samples),
    keys: new Uint8Array(samples),
  };
}

/** Samples `first` to before `end`, as a view. */
export function sliceSamples(table: SampleTable, first: number, end: number): SampleTable {
  return {
    sizes: table.sizes.subarray(first, end),
    ranks: table.ranks.subarray(first, end),
    checksums: table.checksums.subarray(first, end),
    keys: table.keys.subarray(first, end),
  };
}

/**
 * Puts samples into a larger table.
 *
 * @param rankShift - What is added to their ranks.
 */
export function placeSamples(target: SampleTable, from: SampleTable, at: number, rankShift: number): void {
  target.sizes.set(from.sizes, at);
  target.checksums.set(from.checksums, at);
  target.keys.set(from.keys, at);
  for (const [index, rank] of from.ranks.entries()) target.ranks[at + index] = rank + rankShift;
}

/** How many frames later than the first one in decoding order a frame can be shown: what reordering delays. */
export function reorderDelay(ranks: Uint32Array): number {
  let delay = 0;
  for (let index = 0; index < ranks.length; index += 1) delay = Math.max(delay, index - (ranks[index] ?? 0));
  return delay;
}
