/** A rational number as ffmpeg writes it: a time base in seconds, a frame rate in frames per second. */
export interface Fraction {
  readonly numerator: number;
  /** At least 1. */
  readonly denominator: number;
}

/** The sample aspect ratio of square pixels. */
export const squareSamples: Fraction = { numerator: 1, denominator: 1 };

/** Reads `24000/1001` or `4:3`; null for `0/0`, `N/A` and whatever is not above zero. */
export function parseFraction(text: string | undefined): Fraction | null {
  const match = /^(\d+)[/:](\d+)$/.exec(text ?? '');
  const numerator = Number(match?.[1]);
  const denominator = Number(match?.[2]);
  return numerator > 0 && denominator > 0 ? { numerator, denominator } : null;
}

/** `24000/1001`. */
export function fractionText({ numerator, denominator }: Fraction): string {
  return `${numerator}/${denominator}`;
}

export function fractionValue({ numerator, denominator }: Fraction): number {
  return numerator / denominator;
}

/** Seconds of so many ticks, each of which lasts `timeBase`. */
export function ticksToSeconds(ticks: number, { numerator, denominator }: Fraction): number {
  return (ticks * numerator) / denominator;
}
