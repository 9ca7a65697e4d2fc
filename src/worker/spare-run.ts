import { closeSync, openSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { spareRunSchema } from '../protocol/spare-worker.ts';

/**
 * Waits until the CLI that started this process gives it a run, and has all its output go to the log of that run.
 *
 * @returns the arguments of the run; null when standard input ends without one, as it does when the CLI ends.
 */
export async function spareRun(): Promise<readonly string[] | null> {
  for await (const line of createInterface({ input: process.stdin })) {
    const { arguments: given, logPath } = spareRunSchema.parse(JSON.parse(line));
    for (const descriptor of [1, 2]) sendOutputTo(descriptor, logPath);
    return given;
  }
  return null;
}

/** Also what Node itself prints when it ends by a crash. */
function sendOutputTo(descriptor: number, logPath: string): void {
  closeSync(descriptor);
  // The system gives the lowest number that is free; nothing else of this process opens files yet.
  const opened = openSync(logPath, 'a');
  if (opened !== descriptor) throw new Error(`${logPath} was opened as ${opened} instead of ${descriptor}`);
}
