import { posix } from 'node:path';
import { type HostRootFiles, notReadable, type TreeEntry } from '../upkeep/file-host-tree.ts';
import { asRemoteEntry, type RemoteEntry } from './list-folder.ts';
import type { RemoteFiles } from './remote-files.ts';
import { removeTree } from './remove-tree.ts';
import { isSftpStatus, sftpStatus } from './sftp-errors.ts';

/** The {@link HostRootFiles} of a host. A folder is one request, with sizes and times, however much lies in it. */
export class SftpRootFiles implements HostRootFiles {
  readonly #files: RemoteFiles;
  readonly #root: string;

  /** @param root - Absolute path on the host. */
  constructor(files: RemoteFiles, root: string) {
    this.#files = files;
    this.#root = root;
  }

  async names(folder: string, isWanted: (name: string) => boolean): Promise<readonly string[]> {
    return await this.#list(folder, ({ name }) => (isWanted(name) ? name : null));
  }

  /** @throws AppError `host-refused` when one of the root's own folders is a link: what is listed is removed. */
  async entries(folder: string, isWanted: (name: string) => boolean): Promise<readonly TreeEntry[]> {
    return await this.#list(folder, (entry) => (isWanted(entry.name) ? toEntry(entry) : null));
  }

  async sizeOf(folder: string): Promise<number> {
    const path = posix.join(this.#root, folder);
    return await this.#files.step(async (session) => {
      let bytes = 0;
      await session.list(path, ({ kind, sizeBytes }) => {
        if (kind === 'file') bytes += sizeBytes;
        return null;
      });
      return bytes;
    });
  }

  /** @throws AppError `host-refused` when its folder is a link. */
  async entry(path: string): Promise<TreeEntry | null> {
    const full = posix.join(this.#root, path);
    const [found] = await this.#files.step((session) =>
      Promise.all([session.lstat(full), session.refuseLinks([posix.dirname(full)])]),
    );
    return found && toEntry(asRemoteEntry(posix.basename(path), found));
  }

  async readText(path: string): Promise<string | null> {
    const full = posix.join(this.#root, path);
    try {
      const bytes = await this.#files.readFile(full);
      return bytes === null ? null : bytes.toString('utf8');
    } catch (error) {
      throw error instanceof RangeError ? notReadable(`${this.#files.hostName}: ${full}`, error) : error;
    }
  }

  async move(from: string, to: string): Promise<boolean> {
    const target = posix.join(this.#root, to);
    return await this.#files.step(async (session) => {
      try {
        await session.rename(posix.join(this.#root, from), target);
        return true;
      } catch (error) {
        if (!isSftpStatus(error, sftpStatus.noSuchFile)) throw error;
        // Another client prunes as well, or it was moved before the connection was lost.
        return (await session.lstat(target)) !== null;
      }
    });
  }

  async remove(path: string): Promise<void> {
    await this.#files.step((session) => removeTree(session, posix.join(this.#root, path)));
  }

  async #list<Kept>(folder: string, pick: (entry: RemoteEntry) => Kept | null): Promise<Kept[]> {
    const path = posix.join(this.#root, folder);
    const isOwn = !folder.includes('/');
    const [kept] = await this.#files.step((session) =>
      Promise.all([session.list(path, pick), isOwn ? session.refuseLinks([path]) : null]),
    );
    return kept;
  }
}

function toEntry({ name, kind, sizeBytes, modifiedMs }: RemoteEntry): TreeEntry {
  return { name, isFolder: kind === 'folder', sizeBytes: kind === 'file' ? sizeBytes : null, modifiedMs };
}
