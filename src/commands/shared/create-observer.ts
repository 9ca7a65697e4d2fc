import { printableLines } from '../../core/printable.ts';
import { createBarProgress } from '../../output/progress/bar-progress.ts';
import { createEventLines } from '../../output/progress/event-lines.ts';
import { createLineProgress } from '../../output/progress/line-progress.ts';
import { combineObservers, partialObserver } from '../../output/progress/observers.ts';
import { createStepBar, createStepLines, type StepObserver } from '../../output/progress/prepare-progress.ts';
import type { UpsampleObserver } from '../../ports/run-observer.ts';

/** What is to be seen of a run. */
export interface ObserverOptions {
  readonly progress: boolean;
  /** A path, or `-` for stdout; undefined for no events. */
  readonly events: string | undefined;
}

/** Bars on a terminal, lines elsewhere, and the stream of events where it is asked for. */
export function createObserver(options: ObserverOptions): UpsampleObserver {
  const observers: UpsampleObserver[] = [options.progress ? createProgress() : createNotices()];
  if (options.events !== undefined) observers.push(createEventLines(options.events));
  return combineObservers(observers);
}

function createProgress(): UpsampleObserver {
  const { stderr } = process;
  if (stderr.isTTY && process.env['TERM'] !== 'dumb') return createBarProgress(stderr);
  return createLineProgress((line) => stderr.write(`${line}\n`));
}

/** Without progress, what a person must know is still said. */
export function createNotices(): UpsampleObserver {
  return partialObserver({ onNotice: (message) => process.stderr.write(`${printableLines(message)}\n`) });
}

/** Steps of one piece of work on stderr: a bar on a terminal, lines elsewhere, nothing where it is not wanted. */
export function createStepObserver(isWanted: boolean): StepObserver {
  const { stderr } = process;
  const write = (line: string) => void stderr.write(`${line}\n`);
  if (!isWanted) return { onStep: () => undefined, onNotice: write, onEnd: () => undefined };
  return stderr.isTTY && process.env['TERM'] !== 'dumb' ? createStepBar(stderr) : createStepLines(write);
}
