/** How figures are written, the same in the page's markup and in its script. */
export interface Formats {
  count(value: number): string;
  duration(durationMs: number): string;
  percent(percent: number): string;
  /** How far `predicted` is from `actual`, in percent of `actual`; null when there is nothing to compare. */
  driftPercent(predicted: number | null | undefined, actual: number | null | undefined): number | null;
}

/** Self-contained: its source is also embedded in the page. */
export function createFormats(): Formats {
  const grouped = new Intl.NumberFormat('en-US');
  return { count: (value) => grouped.format(value), duration, percent, driftPercent };

  function duration(durationMs: number): string {
    if (durationMs < 1_000) return `${Math.round(durationMs)} ms`;
    if (durationMs < 59_950) return `${(durationMs / 1_000).toFixed(1)} s`;
    const seconds = Math.round(durationMs / 1_000);
    const minutes = Math.floor(seconds / 60);
    if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
    return `${grouped.format(Math.floor(minutes / 60))} h ${minutes % 60} min`;
  }

  function percent(value: number): string {
    const digits = Math.abs(value) < 10 ? 1 : 0;
    const rounded = Number(Math.abs(value).toFixed(digits));
    if (rounded === 0) return '0 %';
    return `${value < 0 ? '\u2212' : '+'}${grouped.format(rounded)} %`;
  }

  function driftPercent(predicted: number | null | undefined, actual: number | null | undefined) {
    if (predicted === null || predicted === undefined || !actual) return null;
    return (predicted / actual - 1) * 100;
  }
}
