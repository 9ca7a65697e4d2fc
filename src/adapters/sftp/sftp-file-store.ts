import { posix } from 'node:path';
import { temporarySuffix } from '../../core/temporary-name.ts';
import type { ExclusiveFileStore } from '../../ports/file-store.ts';
import { temporaryPathFor } from '../files/publish-file.ts';
import type { RemoteFiles } from './remote-files.ts';
import type { SftpSession } from './sftp-session.ts';

/** No file that a host and its clients share is larger; a larger one must not fill this machine's memory. */
const maxFileBytes = 256 * 1024 * 1024;

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
      const present = await session.readFile(full, maxFileBytes);
      // After a lost connection it may be this very content that stands there.
      if (present?.equals(bytes)) return null;
      if (present && isValid(present)) return present;
      if (present === null && (await publish(session, full, bytes, folders, 'keep'))) return null;
      const first = await session.readFile(full, maxFileBytes);
      if (first && !first.equals(bytes) && isValid(first)) return first;
      await publish(session, full, bytes, folders);
      return null;
    });
  }

  async read(path: string, maxBytes = maxFileBytes): Promise<Uint8Array | null> {
    const full = this.#pathOf(path);
    return await this.#files.step((session) => session.readFile(full, maxBytes));
  }

  async list(folder: string): Promise<readonly string[]> {
    const full = this.#pathOf(folder);
    const entries = await this.#files.step((session) => session.list(full));
    return entries
      .map(({ filename }) => filename)
      .filter((name) => !name.endsWith(temporarySuffix))
      .sort();
  }

  async remove(path: string): Promise<void> {
    const full = this.#pathOf(path);
    await this.#files.step((session) => session.remove(full));
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
    throw error;
  }
}
