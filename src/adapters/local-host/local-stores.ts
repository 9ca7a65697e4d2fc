import { utimes } from 'node:fs/promises';
import { isErrno } from '../../errors/system-error.ts';
import type { HostObject } from '../../ports/host.ts';
import { layout } from '../../protocol/layout.ts';
import { hasContent } from '../files/hash-file.ts';
import { LocalFileStore } from '../files/local-file-store.ts';
import { placeFile } from '../files/publish-file.ts';
import { type DownloadSegment, type ObjectStore, segmentLost } from '../host-run/stores.ts';

export class LocalObjectStore implements ObjectStore {
  readonly #files: LocalFileStore;

  /** @param root - The host's root folder. */
  constructor(root: string) {
    this.#files = new LocalFileStore(root);
  }

  async missing(sha256s: readonly string[]): Promise<ReadonlySet<string>> {
    const missing = new Set<string>();
    for (const sha256 of sha256s) {
      const path = this.#files.pathOf(layout.object(sha256));
      if (await hasContent(path, sha256)) await touch(path);
      else missing.add(sha256);
    }
    return missing;
  }

  async deliver(objects: readonly HostObject[]): Promise<void> {
    for (const { path, sha256 } of objects)
      await placeFile(path, this.#files.pathOf(layout.object(sha256)), sha256);
  }
}

/** Gives the file of a segment a second name at `path`. @param files - The run folder. */
export function localSegments(files: LocalFileStore): DownloadSegment {
  return async (taskKey, { sha256 }, path) => {
    if (await hasContent(path, sha256)) return;
    const source = files.pathOf(layout.segment(taskKey));
    if (!(await hasContent(source, sha256))) throw segmentLost(taskKey, 'gone or damaged');
    try {
      await placeFile(source, path, sha256);
    } catch (error) {
      throw isErrno(error, 'ENOENT') ? segmentLost(taskKey, 'gone') : error;
    }
  };
}

/** An object that a run begins to need must look young to a pruning that goes on meanwhile. A failure loses nothing. */
async function touch(path: string): Promise<void> {
  const now = new Date();
  await utimes(path, now, now).catch(() => undefined);
}
