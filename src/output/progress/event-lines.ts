import { closeSync, openSync, writeSync } from 'node:fs';
import { printableJson } from '../../core/printable.ts';
import { runEventVersion } from '../../core/run/run-status.ts';
import { AppError, messageOf } from '../../errors/app-error.ts';

interface NumberedEvent {
  readonly type: string;
  readonly seq: number;
}

/**
 * Writes events as NDJSON to a file or, for `-`, to stdout. The last line is always `run-finished`, also when the run never began. Lines are written at once
 * and whole, so that a program that follows the file sees them in time.
 *
 * @param noCounts - The counts of a run that never began.
 * @throws AppError `usage-invalid` when the file cannot be written.
 */
export function eventLines(target: string, noCounts: object) {
  const file = target === '-' ? null : openFor(target);
  let last: NumberedEvent | null = null;
  let hasEnded = false;
  const onEvent = (event: NumberedEvent) => {
    last = event;
    const line = `${printableJson(event)}\n`;
    if (file === null) process.stdout.write(line);
    else writeSync(file, line);
  };
  const onEnd = () => {
    if (hasEnded) return;
    hasEnded = true;
    if (last?.type !== 'run-finished') onEvent(unfinished(last, noCounts));
    if (file !== null) closeSync(file);
  };
  return { onEvent, onEnd };
}

/** The last line of a run that did not come to its end. */
function unfinished(last: NumberedEvent | null, counts: object): NumberedEvent {
  const known = {
    version: runEventVersion,
    seq: last === null ? 0 : last.seq + 1,
    time: new Date().toISOString(),
  };
  return Object.assign(known, { type: 'run-finished', status: 'failed', counts });
}

function openFor(path: string): number {
  try {
    return openSync(path, 'w');
  } catch (cause) {
    throw new AppError({
      code: 'usage-invalid',
      message: `--events ${path}: the file cannot be written (${messageOf(cause)}).`,
      nextStep: 'Name a file in a folder that exists and that you may write to.',
      cause,
    });
  }
}
