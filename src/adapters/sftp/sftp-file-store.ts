import { posix } from 'node:path';
import type { FileStore } from '../../ports/file-store.ts';
import { temporaryPathFor, temporarySuffix } from '../files/temporary-path.ts';
import type { RemoteFiles } from './remote-files.ts';
import type { SftpSession } from './sftp-session.ts';

/** No file that a host and its clients share is larger; whatever is, must not fill this machine's memory. */
const maxFileBytes = 256 * 1024 * 1024;

/** A {@link FileStore} in a folder of a host. */
export class SftpFileStore implements FileStore {
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
    await this.#files.step((session) => publish(session, full, bytes));
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
      .filter((name) => name !== '.' && name !== '..' && !name.endsWith(temporarySuffix))
      .sort();
  }

  async remove(path: string): Promise<void> {
    const full = this.#pathOf(path);
    await this.#files.step((session) => session.remove(full));
  }

  #pathOf(path: string): string {
    const full = posix.join(this.#folder, path);
    const isInside = full === this.#folder || full.startsWith(`${this.#folder}/`);
    if (path.includes('\0') || posix.isAbsolute(path) || !isInside)
      throw new RangeError(`path leaves its folder: ${JSON.stringify(path)}`);
    return full;
  }
}

/** The rename waits for everything before it: a write that fails must not leave half a file under the name. */
async function publish(session: SftpSession, path: string, bytes: Buffer): Promise<void> {
  const temporary = temporaryPathFor(path);
  const handle = await session.openForWriting(temporary, 'wx');
  try {
    const written = session.write(handle, temporary, bytes, 0);
    const synced = session.sync(handle, temporary);
    await Promise.all([written, synced, session.close(handle)]);
    await session.rename(temporary, path);
  } catch (error) {
    await session.remove(temporary).catch(() => undefined);
    throw error;
  }
}
