import { randomBytes } from 'node:crypto';
import { rename, rm, stat } from 'node:fs/promises';
import { dirname, posix } from 'node:path';
import { loadOnce } from '../../async/load-once.ts';
import { AppError } from '../../errors/app-error.ts';
import type { ExclusiveFileStore } from '../../ports/file-store.ts';
import type { OutputFacts } from '../../ports/host.ts';
import type { SharedStore, StoreEntry } from '../../ports/shared-store.ts';
import { layout } from '../../protocol/layout.ts';
import { hasContent } from '../files/hash-file.ts';
import { makeFolder, syncFolder, temporaryPathFor } from '../files/publish-file.ts';
import { download } from '../sftp/download.ts';
import { RemoteFiles } from '../sftp/remote-files.ts';
import { removeTree } from '../sftp/remove-tree.ts';
import { SftpFileStore } from '../sftp/sftp-file-store.ts';
import { upload } from '../sftp/upload.ts';
import type { SshLink } from '../ssh/ssh-link.ts';
import { notAsSaid } from './folder-store.ts';

/** How often a file that arrives damaged is fetched before the store's own copy counts as damaged. */
const maxTransfers = 2;

/** Objects that are queried one by one; of more the folder is listed, which is a few requests for thousands. */
const fewObjects = 16;

/**
 * A {@link SharedStore} in a folder of a machine that is reached by SFTP. That protocol has no hashes: a file is verified
 * before it is sent and after it is fetched, and one that turns out to be damaged is removed, so that it is sent again.
 */
export class SftpStore implements SharedStore {
  readonly name: string;
  readonly files: ExclusiveFileStore;
  readonly #link: SshLink;
  readonly #remote: RemoteFiles;
  readonly #folder: () => Promise<string>;
  /** Fetches under way, by target: several tasks of one machine may need the same object. */
  readonly #fetching = new Map<string, Promise<boolean>>();

  /** @param folder - On that machine: absolute, or relative to the user's home. */
  constructor(link: SshLink, hostName: string, folder: string) {
    this.name = `${hostName}:${folder}`;
    this.#link = link;
    this.#remote = new RemoteFiles(link, hostName);
    this.#folder = loadOnce(() => this.#remote.step((session) => absoluteFolder(session, folder)));
    this.files = new LazyFileStore(async () => new SftpFileStore(this.#remote, await this.#folder()));
  }

  async missingObjects(sha256s: readonly string[]): Promise<ReadonlySet<string>> {
    if (sha256s.length > fewObjects) {
      const folder = await this.#pathOf(layout.objects);
      const missing = new Set(sha256s);
      await this.#remote.step((session) =>
        session.list(folder, ({ name, kind }) => {
          if (kind === 'file') missing.delete(name);
          return null;
        }),
      );
      return missing;
    }
    const paths = await Promise.all(sha256s.map((sha256) => this.#pathOf(layout.object(sha256))));
    const found = await this.#remote.step((session) => Promise.all(paths.map((path) => session.lstat(path))));
    return new Set(sha256s.filter((_, at) => !found[at]?.isFile()));
  }

  async putFile(path: string, source: string, { sha256 }: OutputFacts): Promise<void> {
    if (!(await hasContent(source, sha256))) throw notAsSaid(source);
    const { size } = await stat(source);
    const target = await this.#pathOf(path);
    if ((await this.#remote.step((session) => session.lstat(target)))?.size === size) return;
    // Of this transfer alone: two clients that send the same file do not wait for each other.
    const part = await this.#pathOf(`${layout.incoming}/${sha256}_${randomBytes(6).toString('hex')}.part`);
    for (const folder of [dirname(part), dirname(target)]) await this.#makeFolder(folder);
    await upload(this.#remote, source, part, size);
    await this.#remote.step(async (session) => {
      // It may be in place already, by a try whose connection was lost.
      if ((await session.lstat(part)) === null && (await session.lstat(target))?.size === size) return;
      const handle = await session.openForWriting(part, 'r+');
      await Promise.all([session.sync(handle, part), session.close(handle)]);
      if (await session.link(part, target)) await session.remove(part);
      else if ((await session.lstat(target))?.size === size) await session.remove(part);
      else await session.rename(part, target);
    });
  }

  async fetchFile(...[path, facts, target]: Parameters<SharedStore['fetchFile']>): Promise<boolean> {
    const fetching = this.#fetching.get(target) ?? this.#fetch(path, facts, target);
    this.#fetching.set(target, fetching);
    try {
      return await fetching;
    } finally {
      this.#fetching.delete(target);
    }
  }

  async entries(folder: string): Promise<readonly StoreEntry[]> {
    const full = await this.#pathOf(folder);
    return await this.#remote.step((session) =>
      session.list(full, ({ name, kind, sizeBytes, modifiedMs }) => ({
        ...{ name, isFolder: kind === 'folder', sizeBytes, modifiedMs },
      })),
    );
  }

  async removeTree(path: string): Promise<void> {
    const full = await this.#pathOf(path);
    await this.#remote.step((session) => removeTree(session, full));
  }

  async close(): Promise<void> {
    await this.#link.close();
  }

  async #fetch(...[path, facts, target]: Parameters<SharedStore['fetchFile']>): Promise<boolean> {
    const { sha256 } = facts;
    if (await hasContent(target, sha256)) return true;
    const source = await this.#pathOf(path);
    await makeFolder(dirname(target));
    const part = temporaryPathFor(target);
    try {
      for (let transfer = 1; transfer <= maxTransfers; transfer += 1) {
        const size = (await this.#remote.step((session) => session.lstat(source)))?.size;
        if (size === undefined || size !== (facts.size_bytes ?? size)) break;
        if (!(await download(this.#remote, source, part, size))) return false;
        if (await hasContent(part, sha256)) {
          await rename(part, target);
          await syncFolder(dirname(target));
          return true;
        }
        await rm(part, { force: true });
      }
    } finally {
      await rm(part, { force: true });
    }
    await this.#remote.step((session) => session.remove(source));
    return false;
  }

  async #makeFolder(folder: string): Promise<void> {
    const root = await this.#folder();
    const below = posix.relative(root, folder).split('/');
    const folders = below.map((_, index) => posix.join(root, ...below.slice(0, index + 1)));
    await this.#remote.step(async (session) => {
      for (const each of folders) await session.makeFolder(each);
      await session.refuseLinks(folders);
    });
  }

  async #pathOf(path: string): Promise<string> {
    const root = await this.#folder();
    const full = posix.join(root, path);
    if (path.includes('\0') || posix.isAbsolute(path) || !full.startsWith(`${root}/`))
      throw new RangeError(`path leaves its folder: ${JSON.stringify(path)}`);
    return full;
  }
}

/** A store of files whose place is known once there is a connection. */
class LazyFileStore implements ExclusiveFileStore {
  readonly #store: () => Promise<SftpFileStore>;

  constructor(create: () => Promise<SftpFileStore>) {
    this.#store = loadOnce(create);
  }

  async publish(...given: Parameters<ExclusiveFileStore['publish']>): Promise<void> {
    await (await this.#store()).publish(...given);
  }

  async publishOnce(...given: Parameters<ExclusiveFileStore['publishOnce']>): Promise<Uint8Array | null> {
    return await (await this.#store()).publishOnce(...given);
  }

  async read(...given: Parameters<ExclusiveFileStore['read']>): Promise<Uint8Array | null> {
    return await (await this.#store()).read(...given);
  }

  async list(...given: Parameters<ExclusiveFileStore['list']>): Promise<readonly string[]> {
    return await (await this.#store()).list(...given);
  }

  async remove(path: string): Promise<void> {
    await (await this.#store()).remove(path);
  }
}

/** @throws AppError `config-invalid` where there is no such folder: a mistyped one must not be made. */
async function absoluteFolder(
  session: {
    realPath(path: string): Promise<string>;
    stat(path: string): Promise<{ isDirectory(): boolean } | null>;
  },
  folder: string,
): Promise<string> {
  const path = posix.resolve(await session.realPath('.'), folder);
  if ((await session.stat(path))?.isDirectory()) return path;
  throw new AppError({
    code: 'config-invalid',
    message: `There is no folder ${path} on the machine that holds the store of the queue.`,
    nextStep: 'Create it there, or choose another one.',
  });
}
