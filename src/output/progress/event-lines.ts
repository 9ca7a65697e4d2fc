import { closeSync, openSync, writeSync } from 'node:fs';
import { runEventVersion } from '../../core/run/run-status.ts';
import type { UpsampleEvent } from '../../core/upsample/upsample-event.ts';
import { AppError, messageOf } from '../../errors/app-error.ts';
import type { UpsampleObserver } from '../../ports/run-observer.ts';
import { partialObserver } from './observers.ts';

const noCounts = { total: 0, upsampled: 0, reused: 0, skipped: 0, failed: 0 };

/** Takes events for a file, until the end. */
interface EventWriter<Event> {
  write(event: Event): void;
  /** Nothing more will come. May be told twice. */
  end(): void;
}

/** Events as NDJSON to a file or, for `-`, to stdout; see {@link openEventWriter}. */
export function createEventLines(target: string): UpsampleObserver {
  const writer = openEventWriter<UpsampleEvent>(target, (known) => ({
    ...known,
    type: 'run-finished',
    status: 'failed',
    counts: noCounts,
  }));
  return partialObserver({ onEvent: (event) => writer.write(event), onEnd: () => writer.end() });
}

/**
 * Writes events of a kind of run as NDJSON to a file or, for `-`, to stdout. The last line is always `run-finished`, also
 * when the run never began. Lines are written at once and whole, so that whoever follows the file sees them in time.
 *
 * @param unfinished - The last line of a run that did not come to its end.
 * @throws AppError `usage-invalid` when the file cannot be written.
 */
export function openEventWriter<Event extends { readonly type: string; readonly seq: number }>(
  target: string,
  unfinished: (known: { version: typeof runEventVersion; seq: number; time: string }) => Event,
): EventWriter<Event> {
  const file = target === '-' ? null : openFor(target);
  let last: Event | null = null;
  let hasEnded = false;
  const write = (event: Event) => {
    last = event;
    const line = `${JSON.stringify(event)}\n`;
    if (file === null) process.stdout.write(line);
    else writeSync(file, line);
  };
  const end = () => {
    if (hasEnded) return;
    hasEnded = true;
    const seq = last === null ? 0 : last.seq + 1;
    const known = { version: runEventVersion, seq, time: new Date().toISOString() } as const;
    if (last?.type !== 'run-finished') write(unfinished(known));
    if (file !== null) closeSync(file);
  };
  return { write, end };
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
