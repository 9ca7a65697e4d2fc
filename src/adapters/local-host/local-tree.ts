import type { Stats } from 'node:fs';
import { lstat, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { UnneededThing } from '../../core/upkeep/find-unneeded.ts';
import type { HostTree, RunFolder, StoredThing } from '../../core/upkeep/host-tree.ts';
import { isErrno } from '../../errors/system-error.ts';
import { sha256Schema } from '../../protocol/identifiers.ts';
import { layout, parseManifestName, parseResultName } from '../../protocol/layout.ts';
import { stemOfTemporary } from '../files/temporary-path.ts';
import { liveWorkers } from './live-workers.ts';

/** Files that are looked at together. */
const looksAtOnce = 64;

/** This machine's root as tidying sees it. */
export class LocalTree implements HostTree {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  async runs(): Promise<RunFolder[]> {
    const runs: RunFolder[] = [];
    for (const runId of await namesIn(join(this.#root, layout.runs))) {
      const run = await this.#runFolder(runId);
      if (run) runs.push(run);
    }
    return runs;
  }

  async manifests(runId: string): Promise<string[]> {
    const folder = join(this.#root, layout.run(runId), layout.manifests);
    const names = (await namesIn(folder)).filter((name) => parseManifestName(name) !== null);
    const texts: string[] = [];
    for (const name of names) {
      const text = await unlessGone(readFile(join(folder, name), 'utf8'));
      if (text !== null) texts.push(text);
    }
    return texts;
  }

  async resultKeys(runId: string): Promise<ReadonlySet<string>> {
    const names = await namesIn(join(this.#root, layout.run(runId), layout.results));
    return new Set(names.flatMap((name) => parseResultName(name) ?? []));
  }

  async objects(): Promise<StoredThing[]> {
    return await this.#things(layout.objects, (name) => sha256Schema.safeParse(name).success);
  }

  async uploads(): Promise<StoredThing[]> {
    const incoming = await this.#things(layout.incoming, () => true);
    const temporary = await this.#things(layout.objects, (name) => stemOfTemporary(name) !== null);
    return [
      ...incoming.map((thing) => ({ ...thing, name: `${layout.incoming}/${thing.name}` })),
      ...temporary.map((thing) => ({ ...thing, name: `${layout.objects}/${thing.name}` })),
    ];
  }

  /** When a thing was touched last, as it is now; null when it is gone. */
  async modifiedMs({ kind, name }: Pick<UnneededThing, 'kind' | 'name'>): Promise<number | null> {
    if (kind === 'run') return await this.#runModifiedMs(name);
    const path = kind === 'object' ? layout.object(name) : name;
    const found = await unlessGone(lstat(join(this.#root, path)));
    return found && timeOf(found);
  }

  async #runFolder(runId: string): Promise<RunFolder | null> {
    const folder = join(this.#root, layout.run(runId));
    const modifiedMs = await this.#runModifiedMs(runId);
    if (modifiedMs === null) return null;
    const isServed = (await liveWorkers(folder)).length > 0;
    return { runId, sizeBytes: await sizeOf(folder), modifiedMs, isServed };
  }

  async #runModifiedMs(runId: string): Promise<number | null> {
    const folder = join(this.#root, layout.run(runId));
    const own = await unlessGone(lstat(folder));
    if (!own?.isDirectory()) return null;
    const inside = [layout.manifests, layout.results, layout.status, layout.segments].map((name) =>
      unlessGone(lstat(join(folder, name))),
    );
    return Math.max(...[own, ...(await Promise.all(inside))].map((found) => found?.mtimeMs ?? 0));
  }

  async #things(folder: string, isWanted: (name: string) => boolean): Promise<StoredThing[]> {
    const path = join(this.#root, folder);
    const names = (await namesIn(path)).filter(isWanted);
    return await inGroups(names, async (name) => {
      const found = await unlessGone(lstat(join(path, name)));
      if (!found) return [];
      const sizeBytes = await sizeOf(join(path, name), found);
      return [{ name, sizeBytes, modifiedMs: timeOf(found) }];
    });
  }
}

/** An object may be a second name of an older file; only the time of its last renaming or naming is its own. */
function timeOf({ mtimeMs, ctimeMs }: Stats): number {
  return Math.max(mtimeMs, ctimeMs);
}

/** Bytes that removing a file, or all files below a folder, frees: none for one that has another name elsewhere. */
async function sizeOf(path: string, known?: Stats): Promise<number> {
  const found = known ?? (await unlessGone(lstat(path)));
  if (!found) return 0;
  if (!found.isDirectory()) return found.nlink > 1 ? 0 : found.size;
  const sizes = await inGroups(await namesIn(path), async (name) => [await sizeOf(join(path, name))]);
  return sizes.reduce((sum, size) => sum + size, 0);
}

async function namesIn(folder: string): Promise<string[]> {
  return (await unlessGone(readdir(folder))) ?? [];
}

async function unlessGone<Found>(looking: Promise<Found>): Promise<Found | null> {
  try {
    return await looking;
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return null;
    throw error;
  }
}

async function inGroups<Found>(
  names: readonly string[],
  look: (name: string) => Promise<readonly Found[]>,
): Promise<Found[]> {
  const found: Found[] = [];
  for (let index = 0; index < names.length; index += looksAtOnce) {
    const group = await Promise.all(names.slice(index, index + looksAtOnce).map(look));
    found.push(...group.flat());
  }
  return found;
}
