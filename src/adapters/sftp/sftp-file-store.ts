import { posix } from 'node:path';
import { temporarySuffix } from '../../core/temporary-name.ts';
import { AppError } from '../../errors/app-error.ts';
import { type ExclusiveFileStore, mostSharedBytes } from '../../ports/file-store.ts';
import { temporaryPathFor } from '../files/publish-file.ts';
import type { RemoteFiles } from './remote-files.ts';
import { removeTree } from './remove-tree.ts';
import type { SftpSession } from './sftp-session.ts';

/** An {@link ExclusiveFileStore} in a folder of a host. */
export class SftpFileStore implements ExclusiveFileStore {
  readonly #files: RemoteFiles;
  readonly #folder: string;

  /** @param folder - Absolute path on the host. */
  constructor(files: RemoteFiles, folder: string) {
    this.#files = files;
    this.#folder = folder;
  }

  async publish(path: string, content: Uint8Array | string): Promise<void> {
    const full = this.#pathOf(path);
    const bytes = Buffer.from(content);
    const folders = this.#foldersOf(path);
    await this.#files.step((session) => publish(session, full, bytes, folders));
  }

  async publishOnce(
    path: string,
    content: string,
    isValid: (content: Uint8Array) => boolean,
  ): Promise<Uint8Array | null> {
    const full = this.#pathOf(path);
    const bytes = Buffer.from(content);
    const folders = this.#foldersOf(path);
    return await this.#files.step(async (session) => {
      const present = await readPresent(session, full);
      // After a lost connection it may be this very content that stands there.
      if (present?.equals(bytes)) return null;
      if (present && isValid(present)) return present;
      if (present === null && (await publish(session, full, bytes, folders, 'keep'))) return null;
      const first = await readPresent(session, full);
      if (first && !first.equals(bytes) && isValid(first)) return first;
      await publish(session, full, bytes, folders);
      return null;
    });
  }

  async read(path: string, maxBytes?: number): Promise<Uint8Array | null> {
    return await this.#files.readFile(this.#pathOf(path), maxBytes);
  }

  async list(folder: string, isWanted: (name: string) => boolean = () => true): Promise<readonly string[]> {
    const full = this.#pathOf(folder);
    const pick = ({ name }: { readonly name: string }) =>
      !name.endsWith(temporarySuffix) && isWanted(name) ? name : null;
    const names = await this.#files.step((session) => session.list(full, pick));
    return names.sort();
  }

  async remove(path: string): Promise<void> {
    const full = this.#pathOf(path);
    await this.#files.step(async (session) => {
      try {
        await session.remove(full);
      } catch (error) {
        // A folder that lies where a file should is removed as well: nothing could ever be published there.
        if (!(await session.lstat(full))?.isDirectory()) throw error;
        await removeTree(session, full);
      }
    });
  }

  /** The store's folder, the one above it, and those of the path. */
  #foldersOf(path: string): string[] {
    const inside = posix.dirname(posix.normalize(path)).split('/');
    const below = inside.map((_, index) => posix.join(this.#folder, ...inside.slice(0, index + 1)));
    return [...new Set([posix.dirname(this.#folder), this.#folder, ...below])];
  }

  #pathOf(path: string): string {
    const full = posix.join(this.#folder, path);
    const isInside = full === this.#folder || full.startsWith(`${this.#folder}/`);
    if (path.includes('\0') || posix.isAbsolute(path) || !isInside)
      throw new RangeError(`path leaves its folder: ${JSON.stringify(path)}`);
    return full;
  }
}

/** What lies under a name; nothing where that is too large, or no file: such a thing is damaged, and is replaced. */
async function readPresent(session: SftpSession, path: string): Promise<Buffer | null> {
  try {
    return await session.readFile(path, mostSharedBytes);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    await removeTree(session, path);
    return null;
  }
}

/**
 * The renaming waits for everything before it: a write that fails must not leave half a file under the name.
 *
 * @returns false when a file of this name was there, and is to be kept.
 */
async function publish(
  session: SftpSession,
  path: string,
  bytes: Buffer,
  folders: readonly string[],
  present: 'keep' | 'replace' = 'replace',
): Promise<boolean> {
  const temporary = temporaryPathFor(path);
  // Sent together with the opening, so that it costs a far host no time; nothing is written before it is done.
  const checked = session.refuseLinks(folders);
  checked.catch(() => undefined);
  const handle = await session.openForWriting(temporary, 'wx');
  try {
    await checked;
    const written = session.write(handle, temporary, bytes, 0);
    const synced = session.sync(handle, temporary);
    await Promise.all([written, synced, session.close(handle)]);
    if (present === 'keep') {
      const isFirst = await session.link(temporary, path);
      await session.remove(temporary);
      return isFirst;
    }
    await session.rename(temporary, path);
    return true;
  } catch (error) {
    await session.remove(temporary).catch(() => undefined);
    if (error instanceof AppError || !(await session.lstat(path))?.isDirectory()) throw error;
    throw isFolder(session.hostName, path, error);
  }
}

function isFolder(hostName: string, path: string, cause: unknown): AppError {
  return new AppError({
    code: 'host-refused',
    message: `${hostName}: there is a folder where cosmos writes the file ${path}.`,
    nextStep: 'Find out who put it there, remove it, and run the command again.',
    cause,
  });
}
