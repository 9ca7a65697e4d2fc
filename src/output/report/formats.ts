import { numeral } from '../text/format.ts';

/** A duration as the reports have it, with more digits than on a terminal: `812 ms`, `59.9 s`, `2 min 31 s`, `25 h 1 min`. */
export function preciseDurationText(durationMs: number): string {
  if (durationMs < 1_000) return `${Math.round(durationMs)} ms`;
  if (durationMs < 59_950) return `${(durationMs / 1_000).toFixed(1)} s`;
  const seconds = Math.round(durationMs / 1_000);
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  return `${numeral(Math.floor(minutes / 60))} h ${minutes % 60} min`;
}

/** A difference in percent: `−1.3 %`, `+13 %`. */
export function signedPercentText(value: number): string {
  const digits = Math.abs(value) < 10 ? 1 : 0;
  const rounded = Number(Math.abs(value).toFixed(digits));
  if (rounded === 0) return '0 %';
  return `${value < 0 ? '\u2212' : '+'}${numeral(rounded)} %`;
}

/** How far `predicted` is from `actual`, in percent of `actual`; null when there is nothing to compare. */
export function driftPercent(
  predicted: number | null | undefined,
  actual: number | null | undefined,
): number | null {
  if (predicted === null || predicted === undefined || !actual) return null;
  return (predicted / actual - 1) * 100;
}
