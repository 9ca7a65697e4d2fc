import { utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { HostObject } from '../../ports/host.ts';
import { layout } from '../../protocol/layout.ts';
import { hasContent } from '../files/has-content.ts';
import { placeFile } from '../files/place-file.ts';
import type { ObjectStore } from '../host-run/object-store.ts';

/** The objects of this machine. */
export class LocalObjectStore implements ObjectStore {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  async missing(sha256s: readonly string[]): Promise<ReadonlySet<string>> {
    const missing = new Set<string>();
    for (const sha256 of sha256s) {
      const path = this.#pathOf(sha256);
      if (await hasContent(path, sha256)) await touch(path);
      else missing.add(sha256);
    }
    return missing;
  }

  async deliver(objects: readonly HostObject[]): Promise<void> {
    for (const { path, sha256 } of objects) await placeFile(path, this.#pathOf(sha256), sha256);
  }

  #pathOf(sha256: string): string {
    return join(this.#root, ...layout.object(sha256).split('/'));
  }
}

/** What a run begins to need must look young to a tidying that goes on meanwhile. Where that fails, nothing is lost. */
async function touch(path: string): Promise<void> {
  const now = new Date();
  await utimes(path, now, now).catch(() => undefined);
}
