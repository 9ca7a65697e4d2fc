import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { type UpsampleEvent, upsampleEventSchema } from '../../../src/core/upsample/upsample-event.ts';

/** Reads a file of `--events`, as far as it is written; nothing where there is none. */
export async function readEvents(path: string): Promise<readonly UpsampleEvent[]> {
  const text = await readFile(path, 'utf8').catch(() => '');
  const lines = text.slice(0, text.lastIndexOf('\n') + 1).split('\n');
  return lines.flatMap((line) => (line === '' ? [] : upsampleEventSchema.parse(JSON.parse(line))));
}

/** Resolves when the file holds an event of this type, or that the run has ended. */
export async function waitForEvent(path: string, type: UpsampleEvent['type']): Promise<void> {
  for (;;) {
    const events = await readEvents(path);
    if (events.some((event) => event.type === type || event.type === 'run-finished')) return;
    await delay(100);
  }
}
