import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import { z } from 'zod';
import { parseJsonAs } from '../../core/json.ts';
import type { ModelSpeed } from '../../ports/model-library.ts';
import { LocalFileStore } from '../files/local-file-store.ts';

const speedSchema = z.object({
  version: z.literal(1),
  host: z.string(),
  model: z.string(),
  scale: z.int().min(1),
  megapixels_per_second: z.number().positive(),
  measured_at: z.iso.datetime(),
});

/** How quick models were, in a file for each machine and model: folders of caches may be shared by machines. */
export class ModelSpeeds {
  readonly #files: LocalFileStore;

  constructor(folder: string) {
    this.#files = new LocalFileStore(folder);
  }

  /** Null for one that was not measured on this machine. */
  async get(model: string): Promise<ModelSpeed | null> {
    const bytes = await this.#files.read(nameOf(model)).catch(() => null);
    const kept = bytes && parseJsonAs(speedSchema, bytes);
    if (kept?.host !== hostname() || kept.model !== model) return null;
    const { scale, megapixels_per_second: megapixelsPerSecond, measured_at: measuredAt } = kept;
    return { scale, megapixelsPerSecond, measuredAt };
  }

  async put(model: string, { scale, megapixelsPerSecond, measuredAt }: ModelSpeed): Promise<void> {
    const kept: z.infer<typeof speedSchema> = {
      ...{ version: 1, host: hostname(), model, scale },
      ...{ megapixels_per_second: megapixelsPerSecond, measured_at: measuredAt },
    };
    await this.#files.publish(nameOf(model), `${JSON.stringify(kept, null, 2)}\n`);
  }
}

function nameOf(model: string): string {
  const hash = createHash('sha256').update(JSON.stringify([hostname(), model]));
  return `${hash.digest('hex')}.json`;
}
