import { basename, dirname, sep } from 'node:path';
import { foldedName, sameNames } from '../../core/run/same-names.ts';
import { type AppError, usageError } from '../../errors/app-error.ts';
import type { Ports } from '../../ports/ports.ts';

/** A file that a run reads or writes. */
interface NamedFile {
  /** Absolute. */
  readonly path: string;
  /** What it is, for a person: `the spec a/b.json`. */
  readonly what: string;
  /** Of an output: the source that it may be written over; of a source: its name. */
  readonly source?: string;
}

interface OutputsAndSources {
  readonly folder: string;
  /** The flag that names the folder, such as `--output-dir`. */
  readonly flag: string;
  /** Names of the outputs below the folder. Looked through more than once. */
  readonly names: Iterable<string>;
  /** The files that will be written, and those that must stay as they are. Looked through more than once. */
  readonly outputs: Iterable<NamedFile>;
  readonly sources: Iterable<NamedFile>;
}

/**
 * Makes sure that no output is written over a source or another output, whatever leads there: a folder that is a link to
 * another one or is mounted twice, or a disk that takes `A.json` and `a.json` for one. An output that is itself a link or a
 * second name of a source is no danger: the name is replaced, and what it led to stays.
 *
 * And that none is written outside of their folder, where a link within it leads.
 *
 * @throws AppError `usage-invalid` that names both, or the link.
 */
export async function assertOutputsApart(
  run: OutputsAndSources,
  { sources: files }: Pick<Ports, 'sources'>,
): Promise<void> {
  const same = sameNames(run.names);
  if (same && (await files.foldsNames(run.folder))) throw oneFile(`${same[0]} and ${same[1]}`, run, true);
  const shared = await sharedFolders(run, files);
  if (shared.size === 0) return await assertInside(run, files);
  const written = new Map<string, NamedFile>();
  for (const output of run.outputs) {
    const folder = shared.get(dirname(output.path));
    if (folder === undefined) continue;
    const key = entryOf(folder, output.path);
    const other = written.get(key);
    if (other && other.path !== output.path && (await isOneName(other, output, files)))
      throw oneFile(`${other.what} and ${lowered(output.what)}`, run, false);
    written.set(key, output);
  }
  for (const source of run.sources) {
    const folder = shared.get(dirname(source.path));
    const output = folder === undefined ? undefined : written.get(entryOf(folder, source.path));
    if (output === undefined || (output.source !== undefined && output.source === source.source)) continue;
    if (await isOneName(output, source, files)) throw overSource(output, source, run);
  }
  await assertInside(run, files);
}

/** The folder itself may be a link. */
async function assertInside({ folder, flag, outputs }: OutputsAndSources, files: Ports['sources']) {
  const root = await files.realPath(folder);
  const known = new Set([folder]);
  for (const { path } of outputs)
    for (let below = dirname(path); !known.has(below) && below.startsWith(folder); below = dirname(below)) {
      known.add(below);
      const real = await files.realPath(below);
      // What is not there yet leads nowhere else.
      if (real === below || real === root || real.startsWith(`${root}${sep}`)) continue;
      throw usageError(
        `${below} is a link to ${real}: outputs would be written there, outside of ${folder}.`,
        `Remove the link, or choose another folder with ${flag}.`,
      );
    }
}

/** Folders of outputs, by the paths that lead to them, where there are sources, or that several paths lead to. */
async function sharedFolders(
  { outputs, sources }: OutputsAndSources,
  files: Ports['sources'],
): Promise<ReadonlyMap<string, string>> {
  const ids = new Map<string, string>();
  const idOf = async (folder: string) => {
    const id = ids.get(folder) ?? (await files.identifyFolder(folder));
    ids.set(folder, id);
    return id;
  };
  const written = new Map<string, string>();
  const shared = new Set<string>();
  for (const { path } of outputs) {
    const folder = dirname(path);
    if (ids.has(folder)) continue;
    const id = await idOf(folder);
    if (written.has(id)) shared.add(id);
    written.set(id, folder);
  }
  for (const { path } of sources) {
    const folder = dirname(path);
    const id = ids.get(folder) ?? (await idOf(folder));
    if (written.has(id)) shared.add(id);
  }
  return new Map(Array.from(ids).filter(([, id]) => shared.has(id)));
}

function entryOf(folder: string, path: string): string {
  return `${folder}/${foldedName(basename(path))}`;
}

async function isOneName(one: NamedFile, other: NamedFile, files: Ports['sources']): Promise<boolean> {
  return basename(one.path) === basename(other.path) || (await files.foldsNames(dirname(one.path)));
}

function oneFile(both: string, { folder, flag }: OutputsAndSources, isByName: boolean): AppError {
  return isByName
    ? usageError(
        `${both} would be one file in ${folder}: its disk does not tell these names apart.`,
        `Rename one of them, or choose a folder on another disk with ${flag}.`,
      )
    : usageError(
        `${both} would be one file: two folders below ${folder} are the same.`,
        `Choose another folder with ${flag}.`,
      );
}

function overSource(output: NamedFile, source: NamedFile, { flag }: OutputsAndSources): AppError {
  return usageError(
    `${output.what} would be written over ${source.what}: ${output.path} and ${source.path} are the same file.`,
    `Choose another folder with ${flag}.`,
  );
}

/** Makes each of them whenever they are looked through, instead of holding a million. */
export function lazily<From, To>(
  from: readonly From[],
  make: (each: From, index: number) => readonly To[],
): Iterable<To> {
  return {
    *[Symbol.iterator]() {
      for (const [index, each] of from.entries()) yield* make(each, index);
    },
  };
}

function lowered(text: string): string {
  return `${text.charAt(0).toLowerCase()}${text.slice(1)}`;
}
