import { randomBytes } from 'node:crypto';
import pMap from 'p-map';
import { nameOfTemporary } from '../../core/temporary-name.ts';
import type { HostTree, RunFolder, StoredThing, UnneededThing } from '../../core/upkeep/find-unneeded.ts';
import { runIdSchema, sha256Schema } from '../../protocol/identifiers.ts';
import { layout, parseManifestName, parseResultName } from '../../protocol/layout.ts';

const readsAtOnce = 32;

/** An entry of a folder; its size is null for what is no plain file. */
export interface TreeEntry extends StoredThing {
  readonly isFolder: boolean;
}

/** The files below a host's root, by paths relative to it. What is gone is null, or an empty list. */
export interface HostRootFiles {
  /** Names alone, which may cost less than entries. */
  names(folder: string): Promise<readonly string[]>;
  entries(folder: string): Promise<readonly TreeEntry[]>;
  /** Of a link, not of what it leads to. */
  entry(path: string): Promise<TreeEntry | null>;
  readText(path: string): Promise<string | null>;
  /** Gives whether there was something to move. */
  move(from: string, to: string): Promise<boolean>;
  /** Removes a file, or a folder with all that is in it. */
  remove(path: string): Promise<void>;
}

/** The {@link HostTree} of a host whose root is a folder. */
export class FileHostTree implements HostTree {
  readonly #files: HostRootFiles;
  readonly #isServed: (runId: string) => boolean | Promise<boolean>;

  /** @param isServed - Whether a worker works on a run now. */
  constructor(files: HostRootFiles, isServed: (runId: string) => boolean | Promise<boolean>) {
    this.#files = files;
    this.#isServed = isServed;
  }

  async runs(): Promise<RunFolder[]> {
    const folders = (await this.#files.entries(layout.runs)).filter(
      ({ name, isFolder }) => isFolder && runIdSchema.safeParse(name).success,
    );
    return await pMap(folders, (folder) => this.#runFolder(folder), { concurrency: readsAtOnce });
  }

  async manifests(runId: string): Promise<string[]> {
    const folder = `${layout.run(runId)}/${layout.manifests}`;
    const names = (await this.#files.names(folder)).filter((name) => parseManifestName(name) !== null);
    const read = (name: string) => this.#files.readText(`${folder}/${name}`);
    const texts = await pMap(names, read, { concurrency: readsAtOnce });
    return texts.filter((text) => text !== null);
  }

  async resultKeys(runId: string): Promise<ReadonlySet<string>> {
    const names = await this.#files.names(`${layout.run(runId)}/${layout.results}`);
    return new Set(names.flatMap((name) => parseResultName(name) ?? []));
  }

  async objects(): Promise<StoredThing[]> {
    const entries = await this.#files.entries(layout.objects);
    return entries.filter(({ name }) => sha256Schema.safeParse(name).success);
  }

  async uploads(): Promise<StoredThing[]> {
    const incoming = await this.#files.entries(layout.incoming);
    const objects = await this.#files.entries(layout.objects);
    const temporary = objects.filter(({ name }) => nameOfTemporary(name) !== null);
    return [...under(layout.incoming, incoming), ...under(layout.objects, temporary)];
  }

  /** Removes a thing, unless it was touched since it was found: a run needs it again then. @returns whether it did. */
  async remove({ kind, name, modifiedMs }: UnneededThing): Promise<boolean> {
    const path = kind === 'upload' ? name : kind === 'run' ? layout.run(name) : layout.object(name);
    const [found, inside] = await Promise.all([
      this.#files.entry(path),
      kind === 'run' ? this.#files.entries(path) : [],
    ]);
    if (found === null || newestOf(found, inside) !== modifiedMs) return false;
    if (kind !== 'run') {
      await this.#files.remove(path);
      return true;
    }
    // Moved away first: a removal that is interrupted then leaves an old upload, and never half a run.
    const moved = `${layout.incoming}/pruned_${randomBytes(6).toString('hex')}`;
    if (!(await this.#files.move(path, moved))) return false;
    await this.#files.remove(moved);
    return true;
  }

  async #runFolder(folder: TreeEntry): Promise<RunFolder> {
    const path = layout.run(folder.name);
    const inside = await this.#files.entries(path);
    const folders = inside.filter(({ isFolder }) => isFolder);
    const contents = await Promise.all(folders.map(({ name }) => this.#files.entries(`${path}/${name}`)));
    const sizes = [...inside, ...contents.flat()].map(({ sizeBytes }) => sizeBytes ?? 0);
    return {
      runId: folder.name,
      sizeBytes: sizes.reduce((sum, size) => sum + size, 0),
      modifiedMs: newestOf(folder, inside),
      isServed: await this.#isServed(folder.name),
    };
  }
}

/** When a thing was touched last: a folder changes when a file is renamed into it. */
function newestOf(found: TreeEntry, inside: readonly TreeEntry[]): number {
  const folders = inside.filter(({ isFolder }) => isFolder);
  return Math.max(found.modifiedMs, ...folders.map(({ modifiedMs }) => modifiedMs));
}

function under(folder: string, things: readonly StoredThing[]): StoredThing[] {
  return things.map((thing) => ({ ...thing, name: `${folder}/${thing.name}` }));
}
