import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import path, { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { videoCandidates } from '../core/spec/video-candidates.ts';
import { AppError } from '../errors/app-error.ts';
import type { SpecCandidate, SpecCandidates, SpecStore, VideoFile } from '../ports/spec-store.ts';
import { isErrno, publishFile } from './files/publish-file.ts';

/** {@link SpecStore} on this machine's file system. */
export class LocalSpecStore implements SpecStore {
  readonly #workingFolder: string;
  /** Videos are shared by many specs: each place is looked at once. */
  readonly #seen = new Map<string, Promise<VideoFile | null>>();

  constructor(workingFolder: string) {
    this.#workingFolder = workingFolder;
  }

  async find(inputs: readonly string[], excluded: readonly string[]): Promise<SpecCandidates> {
    const absolute = inputs.map((input) => resolve(this.#workingFolder, input));
    const hidden = new Set(excluded.map((folder) => resolve(this.#workingFolder, folder)));
    const found = new Set<string>();
    const roots: string[] = [];
    for (const [index, input] of absolute.entries()) {
      const isFolder = await isFolderAt(input, inputs[index] ?? input);
      roots.push(isFolder ? input : dirname(input));
      if (isFolder) await collect(input, hidden, found);
      else found.add(input);
    }
    const inputRoot = sharedFolder(roots);
    const candidates = Array.from(found, (file) => candidateOf(inputRoot, file));
    return { inputRoot, candidates: candidates.sort(bySpec) };
  }

  async read(file: string): Promise<Uint8Array | null> {
    try {
      return await readFile(file);
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return null;
      throw error;
    }
  }

  async findVideo(written: string, specPath: string, inputRoot: string): Promise<VideoFile | null> {
    const place = { specFolder: dirname(specPath), inputRoot, workingFolder: this.#workingFolder };
    for (const candidate of videoCandidates(written, place, path)) {
      const video = await this.#look(candidate);
      if (video) return video;
    }
    return null;
  }

  async statVideo(file: string): Promise<VideoFile | null> {
    return await this.#look(file);
  }

  outputPath(outputDir: string, spec: string): string {
    return join(resolve(this.#workingFolder, outputDir), ...spec.split('/'));
  }

  async publish(file: string, text: string): Promise<void> {
    await publishFile(file, text);
  }

  #look(file: string): Promise<VideoFile | null> {
    const known = this.#seen.get(file);
    if (known) return known;
    const looked = lookAt(file);
    this.#seen.set(file, looked);
    return looked;
  }
}

async function lookAt(file: string): Promise<VideoFile | null> {
  const found = await stat(file).catch(() => null);
  if (!found?.isFile()) return null;
  return { path: file, sizeBytes: found.size, modifiedMs: Math.trunc(found.mtimeMs) };
}

async function isFolderAt(file: string, given: string): Promise<boolean> {
  try {
    return (await stat(file)).isDirectory();
  } catch (error) {
    if (!isErrno(error, 'ENOENT') && !isErrno(error, 'ENOTDIR')) throw error;
    throw new AppError({
      code: 'input-missing',
      message: `There is no file or folder ${given}.`,
      hint: 'Give the folder of your PromptSpecs, or single files.',
    });
  }
}

/** Adds every `*.json` below a folder. Folders reached through links are visited once. */
async function collect(root: string, hidden: ReadonlySet<string>, found: Set<string>): Promise<void> {
  const visited = new Set<string>();
  let level = [root];
  while (level.length > 0) {
    const next: string[] = [];
    for (let i = 0; i < level.length; i += availableParallelism() * 4) {
      const part = level.slice(i, i + availableParallelism() * 4);
      const folders = await Promise.all(part.map((folder) => collectFolder(folder, hidden, found, visited)));
      next.push(...folders.flat());
    }
    level = next;
  }
}

/** Adds the `*.json` of one folder and gives its sub-folders. */
async function collectFolder(
  folder: string,
  hidden: ReadonlySet<string>,
  found: Set<string>,
  visited: Set<string>,
): Promise<string[]> {
  const real = await realpath(folder);
  if (visited.has(real)) return [];
  visited.add(real);
  const folders: string[] = [];
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const full = join(folder, entry.name);
    if (entry.name.startsWith('.') || hidden.has(full)) continue;
    const kind = entry.isSymbolicLink() ? await stat(full).catch(() => entry) : entry;
    if (kind.isDirectory()) folders.push(full);
    else if (entry.name.toLowerCase().endsWith('.json') && !kind.isFIFO()) found.add(full);
  }
  return folders;
}

/** The deepest folder that holds all the given ones. */
function sharedFolder(folders: readonly string[]): string {
  const [first, ...others] = folders;
  if (first === undefined) return process.cwd();
  return others.reduce(sharedPart, first);
}

function sharedPart(a: string, b: string): string {
  let shared = a;
  while (!isInside(b, shared) && dirname(shared) !== shared) shared = dirname(shared);
  return shared;
}

function isInside(file: string, folder: string): boolean {
  return file === folder || file.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

/** On Windows, inputs on several drives share no folder: the drive's letter then stands for it. */
function candidateOf(inputRoot: string, file: string): SpecCandidate {
  const way = isInside(file, inputRoot) ? relative(inputRoot, file) : file.replace(':', '');
  return { spec: way.split(sep).join('/') || basename(file), path: file };
}

function bySpec(a: SpecCandidate, b: SpecCandidate): number {
  return a.spec < b.spec ? -1 : a.spec > b.spec ? 1 : 0;
}
