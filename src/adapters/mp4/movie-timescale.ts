import type { Fraction } from '../../core/frames/fraction.ts';

/** At least this many ticks a second, so that sound begins within a tenth of a millisecond of where it should. */
const leastTimescale = 10_000;

/** Ticks a second for a whole movie: a multiple of the video's own, so that the video's start and length are exact. */
export function movieTimescaleFor({ denominator }: Fraction): number {
  return denominator * Math.max(1, Math.ceil(leastTimescale / denominator));
}
