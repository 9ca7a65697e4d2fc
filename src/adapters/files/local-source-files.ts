import type { BigIntStats } from 'node:fs';
import { mkdir, readdir, realpath, rename, rm, stat, statfs, symlink } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import type { Unwritable } from '../../core/run/written-folder.ts';
import { AppError } from '../../errors/app-error.ts';
import { isErrno, isSystemError } from '../../errors/system-error.ts';
import type { FileIdentity, ListedFile, SourceFiles } from '../../ports/source-files.ts';
import { findFiles } from './find-files.ts';
import { foldsNames } from './folds-names.ts';
import { hashFile } from './hash-file.ts';
import { assertFile, openRegularFile } from './open-file.ts';
import { copyNew, narrow, publishFileBy, rightsLike, syncFolder } from './publish-file.ts';
import { boundedLines } from './read-lines.ts';
import { whyUnwritable } from './unwritable.ts';

export class LocalSourceFiles implements SourceFiles {
  async identify(path: string, known: FileIdentity | null, signal?: AbortSignal): Promise<FileIdentity> {
    const full = resolve(path);
    try {
      const found = await stat(full);
      const { size: sizeBytes, mtimeMs: modifiedMs } = found;
      assertFile(found);
      if (known?.path === full && known.sizeBytes === sizeBytes && known.modifiedMs === modifiedMs)
        return known;
      return { path: full, sha256: await hashFile(full, signal), sizeBytes, modifiedMs };
    } catch (error) {
      signal?.throwIfAborted();
      throw isSystemError(error)
        ? missing(full, error.code === 'ENOENT' ? 'it is not there' : error.message)
        : error;
    }
  }

  async place(from: string, to: string, asLink: boolean): Promise<void> {
    if (asLink) await placeLink(from, to);
    else {
      await mkdir(dirname(to), { recursive: true });
      await publishFileBy(to, (temporary) => copyNew(from, temporary));
    }
  }

  async move(from: string, to: string, like: readonly string[] = []): Promise<void> {
    await mkdir(dirname(to), { recursive: true });
    await narrow(from, await rightsLike(like));
    try {
      await rename(from, to);
      await syncFolder(dirname(to));
    } catch (error) {
      if (!isErrno(error, 'EXDEV')) throw error;
      await publishFileBy(to, (temporary) => copyNew(from, temporary));
      await rm(from, { force: true });
    }
  }

  async remove(path: string): Promise<void> {
    await rm(path, { force: true });
  }

  async makeFolder(path: string): Promise<void> {
    await mkdir(path, { recursive: true });
  }

  async *lines(path: string): AsyncGenerator<string> {
    try {
      await using file = await openRegularFile(path, { takesShellPipe: true });
      yield* boundedLines(file);
    } catch (error) {
      if (error instanceof RangeError) throw missing(path, error.message);
      throw isSystemError(error)
        ? missing(path, error.code === 'ENOENT' ? 'it is not there' : error.message)
        : error;
    }
  }

  async exists(path: string): Promise<boolean> {
    return (await statOrNull(path)) !== null;
  }

  async find(path: string, excluded: ReadonlySet<string>): Promise<readonly ListedFile[]> {
    const full = resolve(path);
    try {
      return await findFiles(full, excluded);
    } catch (error) {
      if (!isSystemError(error)) throw error;
      throw missing(full, error.code === 'ENOENT' ? 'it is not there' : error.message);
    }
  }

  async names(folder: string): Promise<readonly string[]> {
    return await readdir(folder).catch((error: unknown) => {
      if (!isSystemError(error)) throw error;
      throw missing(folder, error.code === 'ENOENT' ? 'it is not there' : error.message);
    });
  }

  async isFolder(path: string): Promise<boolean> {
    return (await statOrNull(path))?.isDirectory() ?? false;
  }

  async isSameFile(one: string, other: string): Promise<boolean> {
    const [first, second] = await Promise.all([statOrNull(one), statOrNull(other)]);
    return first !== null && first.dev === second?.dev && first.ino === second.ino;
  }

  async identifyFolder(path: string): Promise<string> {
    const full = resolve(path);
    const found = await statOrNull(full);
    if (found) return `${found.dev}:${found.ino}`;
    const above = dirname(full);
    return above === full ? full : `${await this.identifyFolder(above)}/${basename(full)}`;
  }

  async foldsNames(folder: string): Promise<boolean> {
    return await foldsNames(await existingFolder(folder));
  }

  async realPath(path: string): Promise<string> {
    return await realpath(path).catch(() => path);
  }

  async whyUnwritable(folder: string): Promise<Unwritable | null> {
    return await whyUnwritable(folder);
  }

  async freeBytes(path: string): Promise<number | null> {
    const found = await statfs(await existingFolder(path)).catch(() => null);
    return found && found.bavail * found.bsize;
  }
}

/** The path, or the nearest one above it that is there. */
async function existingFolder(path: string): Promise<string> {
  const full = resolve(path);
  return dirname(full) === full || (await statOrNull(full)) ? full : await existingFolder(dirname(full));
}

/** What a path leads to; null where that is nothing that can be looked at. Numbers of files may exceed doubles. */
async function statOrNull(path: string): Promise<BigIntStats | null> {
  return await stat(path, { bigint: true }).catch(() => null);
}

function missing(path: string, reason: string): AppError {
  return new AppError({
    code: 'input-missing',
    message: `${path} cannot be read: ${reason}.`,
    nextStep: 'Check the path and its permissions.',
  });
}

async function placeLink(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await rm(to, { force: true });
  await symlink(resolve(from), to);
}
