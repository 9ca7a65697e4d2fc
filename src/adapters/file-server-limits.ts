import { createHash } from 'node:crypto';
import { parseJsonAs } from '../core/json.ts';
import { type ServerLimits, serverLimitsSchema } from '../core/upsample/server-limits.ts';
import type { FileStore } from '../ports/file-store.ts';
import type { ServerLimitsStore } from '../ports/model-server.ts';

/** {@link ServerLimitsStore} of one file for a host and a model. */
export class FileServerLimits implements ServerLimitsStore {
  readonly #files: FileStore;

  constructor(files: FileStore) {
    this.#files = files;
  }

  async get(host: string, model: string): Promise<ServerLimits | null> {
    const bytes = await this.#files.read(nameOf(host, model)).catch(() => null);
    const limits = bytes && parseJsonAs(serverLimitsSchema, bytes);
    return limits?.host === host && limits.model === model ? limits : null;
  }

  async put(limits: ServerLimits): Promise<void> {
    const text = `${JSON.stringify(limits, null, 2)}\n`;
    await this.#files.publish(nameOf(limits.host, limits.model), text);
  }
}

function nameOf(host: string, model: string): string {
  return `${createHash('sha256')
    .update(JSON.stringify([host, model]))
    .digest('hex')}.json`;
}
