import { posix } from 'node:path';
import pMap from 'p-map';
import type { FileEntryWithStats } from 'ssh2';
import type { HostTree, RunFolder, StoredThing } from '../../core/upkeep/host-tree.ts';
import { runIdSchema, sha256Schema } from '../../protocol/identifiers.ts';
import { layout, parseManifestName } from '../../protocol/layout.ts';
import { stemOfTemporary } from '../files/temporary-path.ts';
import type { RemoteFiles } from '../sftp/remote-files.ts';

/** Folders and files that are looked at together. */
const looksAtOnce = 32;

/** As much as a worker reads of a manifest. */
const maxManifestBytes = 256 * 1024 * 1024;

const resultName = /^([0-9a-f]{64})\.json$/;

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
    const folders = (await this.#list(layout.runs)).filter(
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
    return new Set(entries.flatMap(({ filename }) => resultName.exec(filename)?.[1] ?? []));
  }

  async objects(): Promise<StoredThing[]> {
    const entries = await this.#list(layout.objects);
    return entries.filter(({ filename }) => sha256Schema.safeParse(filename).success).map(toThing);
  }

  async uploads(): Promise<StoredThing[]> {
    const incoming = await this.#list(layout.incoming);
    const temporary = (await this.#list(layout.objects)).filter(
      ({ filename }) => stemOfTemporary(filename) !== null,
    );
    return [
      ...incoming.map((entry) => ({ ...toThing(entry), name: posix.join(layout.incoming, entry.filename) })),
      ...temporary.map((entry) => ({ ...toThing(entry), name: posix.join(layout.objects, entry.filename) })),
    ];
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
      modifiedMs: Math.max(
        ...[attrs, ...folders.map((entry) => entry.attrs)].map(({ mtime }) => mtime * 1000),
      ),
      isServed: this.#servedRuns.has(runId),
    };
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
