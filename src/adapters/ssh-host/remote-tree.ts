import { posix } from 'node:path';
import pMap from 'p-map';
import type { FileEntryWithStats, Stats } from 'ssh2';
import type { UnneededThing } from '../../core/upkeep/find-unneeded.ts';
import type { HostTree, RunFolder, StoredThing } from '../../core/upkeep/host-tree.ts';
import { runIdSchema, sha256Schema } from '../../protocol/identifiers.ts';
import { layout, parseManifestName, parseResultName } from '../../protocol/layout.ts';
import { stemOfTemporary } from '../files/temporary-path.ts';
import { refuseLinks } from '../sftp/refuse-links.ts';
import type { RemoteFiles } from '../sftp/remote-files.ts';

/** Folders and files that are looked at together. */
const looksAtOnce = 32;

/** As much as a worker reads of a manifest. */
const maxManifestBytes = 256 * 1024 * 1024;

/** A host's root as tidying sees it: a folder is one look, with sizes and times, however much lies in it. */
export class RemoteTree implements HostTree {
  readonly #files: RemoteFiles;
  readonly #root: string;
  readonly #servedRuns: ReadonlySet<string>;

  /** @param servedRuns - Runs that a slot of the host works on now. */
  constructor(files: RemoteFiles, root: string, servedRuns: ReadonlySet<string>) {
    this.#files = files;
    this.#root = root;
    this.#servedRuns = servedRuns;
  }

  async runs(): Promise<RunFolder[]> {
    const folders = (await this.#listOwn(layout.runs)).filter(
      (entry) => entry.attrs.isDirectory() && runIdSchema.safeParse(entry.filename).success,
    );
    return await pMap(folders, (entry) => this.#runFolder(entry), { concurrency: looksAtOnce });
  }

  async manifests(runId: string): Promise<string[]> {
    const folder = posix.join(layout.run(runId), layout.manifests);
    const names = (await this.#list(folder)).filter(({ filename }) => parseManifestName(filename) !== null);
    const texts = await pMap(names, ({ filename }) => this.#read(posix.join(folder, filename)), {
      concurrency: looksAtOnce,
    });
    return texts.filter((text) => text !== null);
  }

  async resultKeys(runId: string): Promise<ReadonlySet<string>> {
    const entries = await this.#list(posix.join(layout.run(runId), layout.results));
    return new Set(entries.flatMap(({ filename }) => parseResultName(filename) ?? []));
  }

  async objects(): Promise<StoredThing[]> {
    const entries = await this.#listOwn(layout.objects);
    return entries.filter(({ filename }) => sha256Schema.safeParse(filename).success).map(toThing);
  }

  async uploads(): Promise<StoredThing[]> {
    const incoming = await this.#listOwn(layout.incoming);
    const temporary = (await this.#listOwn(layout.objects)).filter(
      ({ filename }) => stemOfTemporary(filename) !== null,
    );
    return [
      ...incoming.map((entry) => ({ ...toThing(entry), name: posix.join(layout.incoming, entry.filename) })),
      ...temporary.map((entry) => ({ ...toThing(entry), name: posix.join(layout.objects, entry.filename) })),
    ];
  }

  /**
   * When a thing was touched last, as it is now; null when it is gone.
   *
   * @throws AppError `host-refused` when its place is a link by now.
   */
  async modifiedMs({ kind, name }: Pick<UnneededThing, 'kind' | 'name'>): Promise<number | null> {
    const path = kind === 'upload' ? name : kind === 'run' ? layout.run(name) : layout.object(name);
    const full = posix.join(this.#root, path);
    const [found, inside] = await Promise.all([
      this.#files.step((session) => session.lstat(full)),
      kind === 'run' ? this.#list(path) : [],
      this.#files.step((session) => refuseLinks(session, [posix.dirname(full)])),
    ]);
    return found && newestOf([found, ...foldersIn(inside)]);
  }

  async #runFolder({ filename: runId, attrs }: FileEntryWithStats): Promise<RunFolder> {
    const inside = await this.#list(layout.run(runId));
    const folders = inside.filter((entry) => entry.attrs.isDirectory());
    const contents = await Promise.all(
      folders.map(({ filename }) => this.#list(posix.join(layout.run(runId), filename))),
    );
    const files = [...inside, ...contents.flat()].filter((entry) => entry.attrs.isFile());
    return {
      runId,
      sizeBytes: files.reduce((sum, entry) => sum + entry.attrs.size, 0),
      modifiedMs: newestOf([attrs, ...foldersIn(inside)]),
      isServed: this.#servedRuns.has(runId),
    };
  }

  /** One of the root's own folders, which no link may stand for: what is listed is removed. */
  async #listOwn(folder: string): Promise<readonly FileEntryWithStats[]> {
    const path = posix.join(this.#root, folder);
    const looking = this.#files.step((session) => refuseLinks(session, [path]));
    const [entries] = await Promise.all([this.#list(folder), looking]);
    return entries;
  }

  async #list(folder: string): Promise<readonly FileEntryWithStats[]> {
    const path = posix.join(this.#root, folder);
    const entries = await this.#files.step((session) => session.list(path));
    return entries.filter(({ filename }) => filename !== '.' && filename !== '..');
  }

  async #read(path: string): Promise<string | null> {
    const bytes = await this.#files.step((session) =>
      session.readFile(posix.join(this.#root, path), maxManifestBytes),
    );
    return bytes === null ? null : bytes.toString('utf8');
  }
}

function toThing({ filename, attrs }: FileEntryWithStats): StoredThing {
  return {
    name: filename,
    sizeBytes: attrs.isFile() ? attrs.size : null,
    modifiedMs: attrs.mtime * 1000,
  };
}

function foldersIn(entries: readonly FileEntryWithStats[]): Stats[] {
  return entries.flatMap(({ attrs }) => (attrs.isDirectory() ? [attrs] : []));
}

function newestOf(found: readonly { readonly mtime: number }[]): number {
  return Math.max(...found.map(({ mtime }) => mtime * 1000));
}
