import { chmod, copyFile, link, lstat, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import pMap from 'p-map';
import { AppError } from '../../errors/app-error.ts';
import { asDiskError, isErrno } from '../../errors/system-error.ts';
import type { OutputFacts } from '../../ports/host.ts';
import type { SharedStore, StoreEntry } from '../../ports/shared-store.ts';
import { layout } from '../../protocol/layout.ts';
import { hasContent } from '../files/hash-file.ts';
import { LocalFileStore } from '../files/local-file-store.ts';
import { makeFolder, placeFile, syncFile, syncFolder, temporaryPathFor } from '../files/publish-file.ts';
import { unlessMissing } from '../files/unless-missing.ts';

const readsAtOnce = 32;

/** A {@link SharedStore} in a folder that every machine mounts, at whatever path. */
export class FolderStore implements SharedStore {
  readonly name: string;
  readonly files: LocalFileStore;

  constructor(folder: string) {
    this.files = new LocalFileStore(folder);
    this.name = this.files.folder;
  }

  async missingObjects(sha256s: readonly string[]): Promise<ReadonlySet<string>> {
    const missing = new Set<string>();
    for (const sha256 of sha256s) {
      const path = this.files.pathOf(layout.object(sha256));
      if (await hasContent(path, sha256)) await touch(path);
      else missing.add(sha256);
    }
    return missing;
  }

  async putFile(path: string, source: string, { sha256 }: OutputFacts): Promise<void> {
    const target = this.files.pathOf(path);
    await makeFolder(dirname(target));
    const temporary = temporaryPathFor(target);
    try {
      await copyOrLink(source, temporary);
      if (!(await hasContent(temporary, sha256))) throw notAsSaid(source);
      await putInPlace(temporary, target, sha256);
    } catch (error) {
      throw error instanceof AppError ? error : asDiskError(error, target);
    } finally {
      await rm(temporary, { force: true });
    }
    await syncFolder(dirname(target));
  }

  async fetchFile(path: string, { sha256 }: Pick<OutputFacts, 'sha256'>, target: string): Promise<boolean> {
    if (await hasContent(target, sha256)) return true;
    const source = this.files.pathOf(path);
    if (!(await hasContent(source, sha256))) return false;
    // It may be removed by a pruning at this moment.
    return (await unlessMissing(placeFile(source, target, sha256).then(() => true))) ?? false;
  }

  async entries(folder: string): Promise<readonly StoreEntry[]> {
    const names = (await unlessMissing(readdir(this.files.pathOf(folder)), 'ENOTDIR')) ?? [];
    const read = async (name: string) => {
      const found = await unlessMissing(lstat(this.files.pathOf(`${folder}/${name}`)));
      if (found === null) return [];
      const { size: sizeBytes, mtimeMs, ctimeMs } = found;
      return [{ name, isFolder: found.isDirectory(), sizeBytes, modifiedMs: Math.max(mtimeMs, ctimeMs) }];
    };
    return (await pMap(names, read, { concurrency: readsAtOnce })).flat();
  }

  async removeTree(path: string): Promise<void> {
    await rm(this.files.pathOf(path), { recursive: true, force: true, maxRetries: 3 });
  }

  async close(): Promise<void> {
    // Nothing is held open.
  }
}

/** A pruning that runs meanwhile leaves what looks young; of a file that may be a user's own only the record is touched. */
async function touch(path: string): Promise<void> {
  const found = await unlessMissing(stat(path));
  if (found) await chmod(path, found.mode & 0o7777).catch(() => undefined);
}

/** Where the store is a disk of this machine, a second name costs nothing. Neither file is ever changed in place. */
async function copyOrLink(source: string, target: string): Promise<void> {
  try {
    await link(source, target);
    return;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) throw notAsSaid(source);
  }
  await copyFile(source, target);
  await syncFile(target);
}

/** By a second name: it fails where another machine was first, and no reader loses the file that it has open. */
async function putInPlace(temporary: string, target: string, sha256: string): Promise<void> {
  try {
    await link(temporary, target);
  } catch (error) {
    if (isErrno(error, 'EEXIST') && (await hasContent(target, sha256))) return;
    await rename(temporary, target);
  }
}

/** The file that is to be published is not what it was when it was made. */
export function notAsSaid(source: string): AppError {
  return new AppError({
    code: 'worker-failed',
    message: `${source} is gone or was changed.`,
    nextStep: 'Resume the run: it is made again.',
    isRetryable: true,
  });
}

/**
 * Makes sure that a folder can be a store: it is there, and can be written to.
 *
 * @throws AppError `config-invalid`: a folder that is not mounted here must not be made by mistake.
 */
export async function assertFolderIsThere(folder: string): Promise<void> {
  try {
    await using _ = await open(folder, 'r');
  } catch (error) {
    throw new AppError({
      code: 'config-invalid',
      message: `The folder ${folder}, the store of the queue, does not exist on this machine.`,
      nextStep: 'Mount it, or create it if it is new: every machine has to see the same folder.',
      cause: error,
    });
  }
}
