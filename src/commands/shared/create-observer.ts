import { printableLines } from '../../core/printable.ts';
import { barDisplay, lineDisplay } from '../../output/progress/display.ts';
import { eventLines } from '../../output/progress/event-lines.ts';
import { type AnyObserver, combineObservers, partialObserver } from '../../output/progress/observers.ts';
import { createStepBar, createStepLines, type StepObserver } from '../../output/progress/prepare-progress.ts';
import type { RunTypes } from '../../services/runs/run-kind.ts';
import type { CommandObserver, ObserverOptions, RunView } from './run-view.ts';
import { shownText } from './shown-text.ts';

/** Progress on a terminal or as lines, the stream of events where it is asked for, and `command`'s own observer. */
export function createObserver<K extends RunTypes>(
  view: RunView<K>,
  { progress, events }: ObserverOptions,
  command: CommandObserver,
): K['observer'] {
  const display = isTerminal() ? barDisplay(process.stderr, shownText) : lineDisplay(writeLine);
  return combineObservers([
    progress ? view.createProgress(display) : createNotices(),
    ...(events === undefined ? [] : [partialObserver(eventLines(events, view.noCounts))]),
    partialObserver(command),
  ]);
}

/** Without progress, what a person must know is still said. */
export function createNotices(): AnyObserver {
  return partialObserver({ onNotice: (message) => writeLine(printableLines(message)) });
}

function isTerminal(): boolean {
  return process.stderr.isTTY && process.env['TERM'] !== 'dumb';
}

function writeLine(line: string): void {
  process.stderr.write(`${shownText(line)}\n`);
}

/** Steps of one piece of work on stderr: a bar on a terminal, lines elsewhere, nothing where it is not wanted. */
export function createStepObserver(isWanted: boolean): StepObserver {
  if (!isWanted) return { onStep: () => undefined, onNotice: writeLine, onEnd: () => undefined };
  return isTerminal() ? createStepBar(process.stderr, shownText) : createStepLines(writeLine);
}
