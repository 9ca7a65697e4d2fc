import { type BarRow, BarStack, type ShowText, type TerminalStream } from './bar-stack.ts';

const redrawEveryMs = 250;

/** How often a line is written where no bar can be drawn. */
const lineEveryMs = 10_000;

export interface ProgressView {
  /** As bars, from top to bottom. */
  rows(nowMs: number): readonly BarRow[];
  line(nowMs: number): string;
}

/** Where a run is shown while it happens: bars on a terminal, or lines in a log. */
export interface ProgressDisplay {
  /** The run is about to work; `line` says so in a log. */
  begin(line: string): void;
  /** Something has changed that bars show at once. */
  refresh(): void;
  log(text: string): void;
  /** Nothing more will come. May be called twice. */
  end(): void;
}

export type CreateDisplay = (view: ProgressView) => ProgressDisplay;

/** Bars at the bottom of a terminal. */
export function barDisplay(stream: TerminalStream, shown: ShowText = (text) => text): CreateDisplay {
  return (view) => {
    const bars = new BarStack(stream, shown);
    const refresh = () => bars.show(view.rows(performance.now()));
    const timer = setInterval(refresh, redrawEveryMs);
    let hasEnded = false;
    timer.unref();
    return {
      begin: refresh,
      refresh,
      log: (text) => bars.log(text),
      end: () => {
        if (hasEnded) return;
        hasEnded = true;
        clearInterval(timer);
        refresh();
        bars.stop();
      },
    };
  };
}

/** Plain lines, for logs and pipes: one every 10 seconds, and one for whatever a person must know. */
export function lineDisplay(write: (line: string) => void): CreateDisplay {
  return (view) => {
    const timer = setInterval(() => write(view.line(performance.now())), lineEveryMs);
    timer.unref();
    return { begin: write, refresh: () => undefined, log: write, end: () => clearInterval(timer) };
  };
}
