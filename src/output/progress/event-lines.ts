import { closeSync, openSync, writeSync } from 'node:fs';
import { type RunEvent, runEventVersion } from '../../core/run/run-event.ts';
import { AppError, messageOf } from '../../errors/app-error.ts';
import type { RunObserver } from '../../ports/run-observer.ts';
import { partialObserver } from './observers.ts';

const noCounts = { total: 0, upsampled: 0, reused: 0, skipped: 0, failed: 0 };

/**
 * Events as NDJSON to a file or, for `-`, to stdout. The last line is always `run-finished`, also when the run
 * never began. Lines are written at once and whole, so that whoever follows the file sees them in time.
 */
export function createEventLines(target: string): RunObserver {
  const file = target === '-' ? null : openFor(target);
  let last: RunEvent | null = null;
  let hasEnded = false;
  const write = (event: RunEvent) => {
    last = event;
    const line = `${JSON.stringify(event)}\n`;
    if (file === null) process.stdout.write(line);
    else writeSync(file, line);
  };
  return partialObserver({
    onEvent: write,
    onEnd: () => {
      if (hasEnded) return;
      hasEnded = true;
      if (last?.type !== 'run-finished') write(unfinished(last));
      if (file !== null) closeSync(file);
    },
  });
}

function openFor(path: string): number {
  try {
    return openSync(path, 'w');
  } catch (cause) {
    throw new AppError({
      code: 'usage-invalid',
      message: `--events ${path}: the file cannot be written (${messageOf(cause)}).`,
      hint: 'Name a file in a folder that exists and that you may write to.',
      cause,
    });
  }
}

function unfinished(last: RunEvent | null): RunEvent {
  const time = new Date().toISOString();
  const seq = last === null ? 0 : last.seq + 1;
  return { version: runEventVersion, seq, time, type: 'run-finished', status: 'failed', counts: noCounts };
}
