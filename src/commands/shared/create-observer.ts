import { printableLines } from '../../core/printable.ts';
import { barDisplay, type CreateDisplay, lineDisplay } from '../../output/progress/display.ts';
import { createStepBar, createStepLines, type StepObserver } from '../../output/progress/prepare-progress.ts';

/** Where progress goes: bars on a terminal, lines elsewhere. */
export function progressDisplay(): CreateDisplay {
  return isTerminal() ? barDisplay(process.stderr) : lineDisplay(writeLine);
}

function isTerminal(): boolean {
  return process.stderr.isTTY && process.env['TERM'] !== 'dumb';
}

function writeLine(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** What a person must know is said without progress, too. */
export function writeNotice(message: string): void {
  writeLine(printableLines(message));
}

/** Steps of one piece of work on stderr: a bar on a terminal, lines elsewhere, nothing where it is not wanted. */
export function createStepObserver(isWanted: boolean): StepObserver {
  if (!isWanted) return { onStep: () => undefined, onNotice: writeLine, onEnd: () => undefined };
  return isTerminal() ? createStepBar(process.stderr) : createStepLines(writeLine);
}
