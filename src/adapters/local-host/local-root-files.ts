import type { Stats } from 'node:fs';
import { lstat, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import pMap from 'p-map';
import type { LocalFileStore } from '../files/local-file-store.ts';
import { unlessMissing } from '../files/unless-missing.ts';
import type { HostRootFiles, TreeEntry } from '../upkeep/file-host-tree.ts';

const readsAtOnce = 64;

export class LocalRootFiles implements HostRootFiles {
  readonly #root: LocalFileStore;

  constructor(root: LocalFileStore) {
    this.#root = root;
  }

  async names(folder: string): Promise<readonly string[]> {
    return (await unlessMissing(readdir(this.#root.pathOf(folder)), 'ENOTDIR')) ?? [];
  }

  async entries(folder: string): Promise<readonly TreeEntry[]> {
    const read = (name: string) => this.entry(`${folder}/${name}`);
    const entries = await pMap(await this.names(folder), read, { concurrency: readsAtOnce });
    return entries.filter((entry) => entry !== null);
  }

  async entry(path: string): Promise<TreeEntry | null> {
    const found = await unlessMissing(lstat(this.#root.pathOf(path)), 'ENOTDIR');
    return found && toEntry(basename(path), found);
  }

  async readText(path: string): Promise<string | null> {
    return await unlessMissing(readFile(this.#root.pathOf(path), 'utf8'), 'ENOTDIR');
  }

  async move(from: string, to: string): Promise<boolean> {
    const target = this.#root.pathOf(to);
    await mkdir(dirname(target), { recursive: true, mode: 0o700 });
    const moving = rename(this.#root.pathOf(from), target).then(() => true);
    return (await unlessMissing(moving, 'ENOTDIR')) ?? false;
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
