import { createHash } from 'node:crypto';
import { z } from 'zod';
import { parseJsonAs } from '../../core/json.ts';
import type { FileStore } from '../../ports/file-store.ts';
import { layout } from '../../protocol/layout.ts';

/** `slots/load_times.json`: how long each command took to load the last time, in milliseconds; the newest last. */
const loadTimesSchema = z.object({
  version: z.literal(1),
  times: z.array(z.object({ command: z.string(), load_ms: z.int().min(0) })),
});

const commandsKept = 50;

export class LoadTimes {
  readonly #store: FileStore;

  constructor(store: FileStore) {
    this.#store = store;
  }

  /** How long this command took the last time, in milliseconds; null when it is not known. */
  async expected(command: readonly string[]): Promise<number | null> {
    const key = keyOf(command);
    return (await this.#read()).find((time) => time.command === key)?.load_ms ?? null;
  }

  /** Notes how long it took. Of two slots that do so at once, one may lose; the next load notes it again. */
  async learn(command: readonly string[], loadMs: number): Promise<void> {
    const key = keyOf(command);
    const others = (await this.#read()).filter((time) => time.command !== key);
    const times = [...others, { command: key, load_ms: Math.round(loadMs) }].slice(-commandsKept);
    await this.#store.publish(layout.loadTimes, `${JSON.stringify({ version: 1, times })}\n`);
  }

  /** A file that cannot be read is as good as none: it only helps to guess. */
  async #read(): Promise<z.infer<typeof loadTimesSchema>['times']> {
    const content = await this.#store.read(layout.loadTimes).catch(() => null);
    return (content && parseJsonAs(loadTimesSchema, content)?.times) ?? [];
  }
}

function keyOf(command: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(command)).digest('hex').slice(0, 16);
}
