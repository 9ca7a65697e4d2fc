import { printable } from '../../core/printable.ts';
import { BarStack, type ShowText, type TerminalStream } from './bar-stack.ts';

/** How often at most a line is written for a step that only gets further, in milliseconds. */
const sameStepEveryMs = 10_000;

/** A step of work, and how far it is: between 0 and 1, or null where that is not known. */
interface StepProgress {
  readonly message: string;
  readonly fraction: number | null;
}

/** Shows steps of one piece of work. */
export interface StepObserver {
  onStep(step: StepProgress): void;
  onNotice(message: string): void;
  /** Nothing more will come. */
  onEnd(): void;
}

/** A bar that moves at the bottom of a terminal; text alone where it is not known how far the step is. */
export function createStepBar(stream: TerminalStream, shown: ShowText = (text) => text): StepObserver {
  const bars = new BarStack(stream, shown);
  return {
    onStep: ({ message, fraction }) => {
      const total = fraction === null ? null : 100;
      const done = fraction === null ? 0 : Math.round(100 * fraction);
      bars.show([{ what: 'Prepare', done, total, text: printable(message) }]);
    },
    onNotice: (message) => bars.log(message),
    onEnd: () => bars.stop(),
  };
}

/** A line a step; a step that only gets further is written again every 10 s. */
export function createStepLines(
  write: (line: string) => void,
  nowMs = () => performance.now(),
): StepObserver {
  let message = '';
  let writtenMs = 0;
  return {
    onStep: (step) => {
      if (step.message === message && nowMs() - writtenMs < sameStepEveryMs) return;
      message = step.message;
      writtenMs = nowMs();
      const percent = step.fraction === null ? '' : ` (${Math.floor(100 * step.fraction)} %)`;
      write(`${printable(message)}${percent}`);
    },
    onNotice: write,
    onEnd: () => undefined,
  };
}
