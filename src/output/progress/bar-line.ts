import { cutAtEnd } from '../text/text-width.ts';

/** One row below a run's log: a bar with words beside it, or words alone where `total` is null. */
export interface BarRow {
  readonly what: string;
  readonly done: number;
  readonly total: number | null;
  readonly text: string;
}

/** A row as it fits into `columns` of a terminal; bars of one width stand below each other. */
export function barLine({ what, done, total, text }: BarRow, columns: number): string {
  const label = ` ${what.padEnd(7)} `;
  const bar = total === null ? '' : `${drawn(done, total, barColumns(columns))} `;
  // The last column stays free: some terminals wrap as soon as it is written to.
  return cutAtEnd(`${label}${bar}${text}`, columns - 1);
}

function drawn(done: number, total: number, columns: number): string {
  const part = total === 0 ? 1 : Math.min(1, Math.max(0, done / total));
  const full = Math.floor(part * columns);
  return '█'.repeat(full) + '░'.repeat(columns - full);
}

function barColumns(columns: number): number {
  if (columns >= 100) return 30;
  return columns >= 80 ? 20 : 10;
}
