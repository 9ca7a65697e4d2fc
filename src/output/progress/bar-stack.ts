import { MultiBar, type SingleBar } from 'cli-progress';
import { cutAtEnd, meter, wrapped } from '../text/columns.ts';

/** Erases what a bar has left in the line that a log line is written to. */
const clearLine = '\x1b[2K';

/** A terminal; `columns` follows its size. */
export type TerminalStream = NodeJS.WritableStream & { readonly columns?: number };

/** Gives text as a terminal can show it, in as many columns. */
export type ShowText = (text: string) => string;

/** One row below a run's log: a bar with text beside it, or text alone where `total` is null. */
export interface BarRow {
  readonly what: string;
  /** What is saved. */
  readonly done: number;
  /** The same with what is under way, which an interruption loses; missing where nothing is. */
  readonly ahead?: number;
  readonly total: number | null;
  readonly text: string;
}

/** Rows that stay at the bottom of a terminal, with lines of a log scrolling above them. */
export class BarStack {
  readonly #stream: TerminalStream;
  readonly #shown: ShowText;
  readonly #bars: MultiBar;
  readonly #rows = new Map<string, SingleBar>();

  constructor(stream: TerminalStream, shown: ShowText) {
    this.#stream = stream;
    this.#shown = shown;
    this.#bars = new MultiBar({
      stream,
      format: (_options, params, row: BarRow) =>
        shown(barLine({ ...row, done: params.value }, this.#columns)),
      hideCursor: true,
      clearOnComplete: true,
      // A log line moves the bars down, so they are drawn again also when nothing in them has changed.
      forceRedraw: true,
      fps: 8,
      gracefulExit: false,
    });
  }

  /** Shows these rows and no others. */
  show(rows: readonly BarRow[]): void {
    for (const [what, bar] of this.#rows) {
      if (rows.some((row) => row.what === what)) continue;
      this.#bars.remove(bar);
      this.#rows.delete(what);
    }
    for (const row of rows) {
      const bar = this.#rows.get(row.what);
      if (bar) bar.update(row.done, row);
      else this.#rows.set(row.what, this.#bars.create(row.total ?? 0, row.done, row));
    }
  }

  /** Writes text above the rows, divided between words where it is wider than the terminal. */
  log(text: string): void {
    const lines = wrapped(this.#shown(text), this.#columns - 2).map((line) => `${clearLine} ${line}\n`);
    if (this.#bars.isActive) for (const line of lines) this.#bars.log(line);
    else this.#stream.write(lines.join(''));
  }

  /** Takes the rows away; the log stays. */
  stop(): void {
    // Lines of the log wait for the next drawing, and stopping would drop them.
    if (this.#bars.isActive) this.#bars.update();
    this.#bars.stop();
  }

  get #columns(): number {
    return this.#stream.columns || 80;
  }
}

/** A row as it fits into `columns` of a terminal; bars of one width stand below each other. */
export function barLine({ what, done, ahead = done, total, text }: BarRow, columns: number): string {
  const label = ` ${what.padEnd(7)} `;
  const shares = total === 0 ? [1, 1] : [done / (total ?? 1), ahead / (total ?? 1)];
  const bar = total === null ? '' : `${meter(shares[0] ?? 0, barColumns(columns), shares[1])} `;
  // The last column stays free: some terminals wrap as soon as it is written to.
  return cutAtEnd(`${label}${bar}${text}`, columns - 1);
}

function barColumns(columns: number): number {
  if (columns >= 100) return 30;
  return columns >= 80 ? 20 : 10;
}
