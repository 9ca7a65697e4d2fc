import { randomBytes } from 'node:crypto';
import pMap from 'p-map';
import { nameOfTemporary } from '../../core/temporary-name.ts';
import type { HostTree, RunFolder, StoredThing, UnneededThing } from '../../core/upkeep/find-unneeded.ts';
import { AppError } from '../../errors/app-error.ts';
import { runIdSchema, sha256Schema } from '../../protocol/identifiers.ts';
import { layout, parseManifestName, parseResultName } from '../../protocol/layout.ts';

const readsAtOnce = 32;

/** Objects and uploads that are looked at in one go: what more there are, the next pruning finds. */
const mostThings = 100_000;

/** An entry of a folder; its size is null for what is no plain file. */
export interface TreeEntry extends StoredThing {
  readonly isFolder: boolean;
}

/** The files below a host's root, by paths relative to it. What is gone is null, or an empty list. */
export interface HostRootFiles {
  /** Names alone, which may cost less than entries. What is not wanted takes no memory. */
  names(folder: string, isWanted: (name: string) => boolean): Promise<readonly string[]>;
  entries(folder: string, isWanted: (name: string) => boolean): Promise<readonly TreeEntry[]>;
  /** Bytes of the files in a folder. */
  sizeOf(folder: string): Promise<number>;
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
    const isRunId = (name: string) => runIdSchema.safeParse(name).success;
    const folders = (await this.#files.entries(layout.runs, isRunId)).filter(({ isFolder }) => isFolder);
    return await pMap(folders, (folder) => this.#runFolder(folder), { concurrency: readsAtOnce });
  }

  /** Each is visited as soon as it is read, so that they are never in memory together. */
  async manifests(runId: string, visit: (text: string) => void): Promise<void> {
    const folder = `${layout.run(runId)}/${layout.manifests}`;
    const names = await this.#files.names(folder, (name) => parseManifestName(name) !== null);
    const read = async (name: string) => {
      const text = await this.#files.readText(`${folder}/${name}`);
      if (text !== null) visit(text);
    };
    await pMap(names, read, { concurrency: readsAtOnce });
  }

  async resultKeys(runId: string, wanted: ReadonlySet<string>): Promise<ReadonlySet<string>> {
    const folder = `${layout.run(runId)}/${layout.results}`;
    const names = await this.#files.names(folder, (name) => wanted.has(parseResultName(name) ?? ''));
    return new Set(names.flatMap((name) => parseResultName(name) ?? []));
  }

  async objects(): Promise<StoredThing[]> {
    const isHash = (name: string) => sha256Schema.safeParse(name).success;
    return [...(await this.#files.entries(layout.objects, firstOf(isHash)))];
  }

  async uploads(): Promise<StoredThing[]> {
    const incoming = await this.#files.entries(layout.incoming, firstOf(isAny));
    const temporary = await this.#files.entries(
      layout.objects,
      firstOf((name) => nameOfTemporary(name) !== null),
    );
    return [...under(layout.incoming, incoming), ...under(layout.objects, temporary)];
  }

  /** Removes a thing, unless it was touched since it was found: a run needs it again then. @returns whether it did. */
  async remove({ kind, name, modifiedMs }: UnneededThing): Promise<boolean> {
    const path = kind === 'upload' ? name : kind === 'run' ? layout.run(name) : layout.object(name);
    const [found, inside] = await Promise.all([
      this.#files.entry(path),
      kind === 'run' ? this.#files.entries(path, isAny) : [],
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
    const inside = await this.#files.entries(path, isAny);
    const folders = inside.filter(({ isFolder }) => isFolder);
    let sizeBytes = inside.reduce((sum, entry) => sum + (entry.sizeBytes ?? 0), 0);
    for (const { name } of folders) sizeBytes += await this.#files.sizeOf(`${path}/${name}`);
    return {
      runId: folder.name,
      sizeBytes,
      modifiedMs: newestOf(folder, inside),
      isServed: await this.#isServed(folder.name),
    };
  }
}

function isAny(): boolean {
  return true;
}

/** The first of those that are wanted. */
function firstOf(isWanted: (name: string) => boolean): (name: string) => boolean {
  let count = 0;
  return (name) => isWanted(name) && ++count <= mostThings;
}

/** When a thing was touched last: a folder changes when a file is renamed into it. */
function newestOf(found: TreeEntry, inside: readonly TreeEntry[]): number {
  const folders = inside.filter(({ isFolder }) => isFolder);
  return Math.max(found.modifiedMs, ...folders.map(({ modifiedMs }) => modifiedMs));
}

function under(folder: string, things: readonly StoredThing[]): StoredThing[] {
  return things.map((thing) => ({ ...thing, name: `${folder}/${thing.name}` }));
}

/** A manifest that cannot be read: what needs it must not be removed by a guess. @param what - Host and path. */
export function notReadable(what: string, cause: RangeError): AppError {
  return new AppError({
    code: 'host-refused',
    message: `${what} is too large for a manifest, or no file, so that what its run needs is not known.`,
    nextStep:
      'Look at it there; nothing was removed. Remove the run folder that it lies in when it is not needed.',
    cause,
  });
}
