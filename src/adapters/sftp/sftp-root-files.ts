import { posix } from 'node:path';
import type { Stats } from 'ssh2';
import type { HostRootFiles, TreeEntry } from '../upkeep/file-host-tree.ts';
import type { RemoteFiles } from './remote-files.ts';
import { isSftpStatus, sftpStatus } from './sftp-errors.ts';

/** As much as a worker reads of a manifest. */
const maxFileBytes = 256 * 1024 * 1024;

/** The {@link HostRootFiles} of a host. A folder is one request, with sizes and times, however much lies in it. */
export class SftpRootFiles implements HostRootFiles {
  readonly #files: RemoteFiles;
  readonly #root: string;

  /** @param root - Absolute path on the host. */
  constructor(files: RemoteFiles, root: string) {
    this.#files = files;
    this.#root = root;
  }

  async names(folder: string): Promise<readonly string[]> {
    return (await this.entries(folder)).map(({ name }) => name);
  }

  /** @throws AppError `host-refused` when one of the root's own folders is a link: what is listed is removed. */
  async entries(folder: string): Promise<readonly TreeEntry[]> {
    const path = posix.join(this.#root, folder);
    const isOwn = !folder.includes('/');
    const [entries] = await this.#files.step((session) =>
      Promise.all([session.list(path), isOwn ? session.refuseLinks([path]) : null]),
    );
    return entries.map(({ filename, attrs }) => toEntry(filename, attrs));
  }

  /** @throws AppError `host-refused` when its folder is a link. */
  async entry(path: string): Promise<TreeEntry | null> {
    const full = posix.join(this.#root, path);
    const [found] = await this.#files.step((session) =>
      Promise.all([session.lstat(full), session.refuseLinks([posix.dirname(full)])]),
    );
    return found && toEntry(posix.basename(path), found);
  }

  async readText(path: string): Promise<string | null> {
    const full = posix.join(this.#root, path);
    const bytes = await this.#files.step((session) => session.readFile(full, maxFileBytes));
    return bytes === null ? null : bytes.toString('utf8');
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
    await this.#files.step((session) => session.removeTree(posix.join(this.#root, path)));
  }
}

function toEntry(name: string, stats: Stats): TreeEntry {
  return {
    name,
    isFolder: stats.isDirectory(),
    sizeBytes: stats.isFile() ? stats.size : null,
    modifiedMs: stats.mtime * 1000,
  };
}
