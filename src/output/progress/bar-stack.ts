import { MultiBar, type SingleBar } from 'cli-progress';
import { wrapped } from '../text/text-width.ts';
import { type BarRow, barLine } from './bar-line.ts';

/** Erases what a bar has left in the line that a log line is written to. */
const clearLine = '\x1b[2K';

/** A terminal; `columns` follows its size. */
export type TerminalStream = NodeJS.WritableStream & { readonly columns?: number };

/** Rows that stay at the bottom of a terminal, with lines of a log scrolling above them. */
export class BarStack {
  readonly #stream: TerminalStream;
  readonly #bars: MultiBar;
  readonly #rows = new Map<string, SingleBar>();

  constructor(stream: TerminalStream) {
    this.#stream = stream;
    this.#bars = new MultiBar({
      stream,
      format: (_options, params, row: BarRow) => barLine({ ...row, done: params.value }, this.#columns),
      hideCursor: true,
      clearOnComplete: true,
      // A log line moves the bars down, so they are drawn anew also when nothing in them has changed.
      forceRedraw: true,
      fps: 8,
      gracefulExit: false,
    });
  }

  /** Shows a row, below the others when it is new. */
  show(row: BarRow): void {
    const bar = this.#rows.get(row.what);
    if (bar) bar.update(row.done, row);
    else this.#rows.set(row.what, this.#bars.create(row.total ?? 0, row.done, row));
  }

  remove(what: string): void {
    const bar = this.#rows.get(what);
    if (bar) this.#bars.remove(bar);
    this.#rows.delete(what);
  }

  /** Writes text above the rows, divided between words where it is wider than the terminal. */
  log(text: string): void {
    const lines = wrapped(text, this.#columns - 2).map((line) => `${clearLine} ${line}\n`);
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
