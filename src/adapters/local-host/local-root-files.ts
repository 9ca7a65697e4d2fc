import type { Stats } from 'node:fs';
import { lstat, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import pMap from 'p-map';
import { isErrno } from '../../errors/system-error.ts';
import type { LocalFileStore } from '../files/local-file-store.ts';
import type { HostRootFiles, TreeEntry } from '../upkeep/file-host-tree.ts';

/** Files whose facts are read together. */
const readsAtOnce = 64;

/** The {@link HostRootFiles} of this machine. */
export class LocalRootFiles implements HostRootFiles {
  readonly #root: LocalFileStore;

  constructor(root: LocalFileStore) {
    this.#root = root;
  }

  async names(folder: string): Promise<readonly string[]> {
    return (await unlessGone(readdir(this.#root.pathOf(folder)))) ?? [];
  }

  async entries(folder: string): Promise<readonly TreeEntry[]> {
    const read = (name: string) => this.entry(`${folder}/${name}`);
    const entries = await pMap(await this.names(folder), read, { concurrency: readsAtOnce });
    return entries.filter((entry) => entry !== null);
  }

  async entry(path: string): Promise<TreeEntry | null> {
    const found = await unlessGone(lstat(this.#root.pathOf(path)));
    return found && toEntry(basename(path), found);
  }

  async readText(path: string): Promise<string | null> {
    return await unlessGone(readFile(this.#root.pathOf(path), 'utf8'));
  }

  async move(from: string, to: string): Promise<boolean> {
    const target = this.#root.pathOf(to);
    await mkdir(dirname(target), { recursive: true, mode: 0o700 });
    const moving = rename(this.#root.pathOf(from), target).then(() => true);
    return (await unlessGone(moving)) ?? false;
  }

  async remove(path: string): Promise<void> {
    await rm(this.#root.pathOf(path), { force: true, recursive: true });
  }
}

function toEntry(name: string, stats: Stats): TreeEntry {
  const { size, nlink, mtimeMs, ctimeMs } = stats;
  const isFolder = stats.isDirectory();
  return {
    name,
    isFolder,
    // Removing a file that has another name elsewhere frees nothing.
    sizeBytes: isFolder ? null : nlink > 1 ? 0 : size,
    // An object may be a second name of an older file: only the time of its last renaming or linking is its own.
    modifiedMs: isFolder ? mtimeMs : Math.max(mtimeMs, ctimeMs),
  };
}

async function unlessGone<Found>(reading: Promise<Found>): Promise<Found | null> {
  try {
    return await reading;
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return null;
    throw error;
  }
}
