import { createHash } from 'node:crypto';
import { readdir, realpath, stat } from 'node:fs/promises';
import path, { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { RecentMap } from '../async/recent-map.ts';
import { isInnerPath } from '../core/inner-path.ts';
import { nearestWord } from '../core/nearest-word.ts';
import { maxSpecBytes } from '../core/spec/parse-spec.ts';
import {
  collectionIn,
  isLinesFile,
  maxLinesBytes,
  type SpecCollection,
} from '../core/spec/spec-collection.ts';
import { videoCandidates } from '../core/spec/video-candidates.ts';
import { AppError, messageOf } from '../errors/app-error.ts';
import { isErrno, isSystemError } from '../errors/system-error.ts';
import type { SpecCandidates, SpecStore, VideoFile } from '../ports/spec-store.ts';
import { collectSpecFiles, type FoundFiles, misnamedIn } from './collect-spec-files.ts';
import { readAtMost, readRegularFile } from './files/bounded-read.ts';
import { isShellPipe, NotAFileError, whatInsteadOfFile } from './files/open-file.ts';
import { overwriteFile, publishFile, rightsLike } from './files/publish-file.ts';
import { UnchangedFiles } from './files/unchanged-files.ts';
import { unlessMissing } from './files/unless-missing.ts';
import { limitHeapGrowth } from './limit-heap-growth.ts';

/** Places of videos, and where there is none: specs that follow each other look into the same folders. */
const pathsRemembered = 20_000;

/** From so many specs on, memory is worth more than time. */
const manyFiles = 200_000;

/** Each may be large. */
const collectionsRemembered = 2;

/** Content of files that are read once more soon, in bytes: more than a run of 10,000 specs has. */
const mostKeptBytes = 16 * 1024 * 1024;

export class LocalSpecStore implements SpecStore {
  readonly #workingFolder: string;
  /** Videos are shared by many specs: each path is queried once. */
  readonly #seen = new RecentMap<string, Promise<VideoFile | null>>(pathsRemembered);

  /** Specs that follow each other lie in the same file. */
  readonly #collections = new RecentMap<string, Promise<SpecCollection | null>>(collectionsRemembered);

  /** A run reads a spec when it is planned, and again when it is prepared. */
  readonly #readFiles = new UnchangedFiles(mostKeptBytes);

  /** What came through pipes of the shell: they can be read once, and a run looks at a spec again. */
  readonly #piped = new Map<string, Uint8Array>();

  constructor(workingFolder: string) {
    this.#workingFolder = workingFolder;
  }

  async find(inputs: readonly string[], excluded: readonly string[], root?: string): Promise<SpecCandidates> {
    const absolute = inputs.map((input) => resolve(this.#workingFolder, input));
    const hidden = new Set(excluded.map((folder) => resolve(this.#workingFolder, folder)));
    const found: FoundFiles = {
      files: [],
      misnamed: new Set(),
      skippedFolders: new Set(),
      skippedFiles: new Map(),
    };
    const roots: string[] = [];
    for (const [index, input] of absolute.entries()) {
      try {
        roots.push(await collectInput(input, hidden, found));
      } catch (error) {
        throw await asInputError(error, inputs[index] ?? input);
      }
    }
    const inputRoot = root === undefined ? sharedFolder(roots) : resolve(this.#workingFolder, root);
    const elsewhere = new Map<string, string>();
    if (found.files.length > manyFiles) limitHeapGrowth();
    // In place: of a million paths there is not room for both.
    const specs = found.files;
    for (const [index, file] of specs.entries()) {
      const spec = nameOf(inputRoot, file);
      if (!isInside(file, inputRoot)) elsewhere.set(spec, file);
      specs[index] = spec;
    }
    specs.sort(byCodeUnits);
    return {
      inputRoot,
      specs: specs.filter((spec, index) => spec !== specs[index - 1]),
      misnamed: new Set(Array.from(found.misnamed, (file) => nameOf(inputRoot, file))),
      pathOf: (spec) => elsewhere.get(spec) ?? join(inputRoot, ...spec.split('/')),
      skippedFolders: [...found.skippedFolders].sort(),
      skippedFiles: [...found.skippedFiles].sort(([one], [other]) => byCodeUnits(one, other)),
    };
  }

  async read(file: string): Promise<Uint8Array | null> {
    const piped = this.#piped.get(file) ?? (await this.#readFiles.take(file));
    if (piped) return piped;
    const found = await unlessMissing(readRegularFile(file, maxSpecBytes, { takesShellPipe: true }));
    if (found?.stats.isFIFO()) this.#piped.set(file, found.bytes);
    else if (found) this.#readFiles.keep(file, found);
    return found?.bytes ?? null;
  }

  async readCollection(file: string): Promise<SpecCollection | null> {
    const found = await statFile(file);
    if (!found) return null;
    const state = `${file}\0${found.sizeBytes}\0${found.modifiedMs}`;
    const maxBytes = isLinesFile(file) ? maxLinesBytes : maxSpecBytes;
    const read = async () => {
      const bytes = await unlessMissing(readAtMost(file, maxBytes));
      return bytes && collectionIn(bytes, file);
    };
    return await this.#collections.getOr(state, read);
  }

  async findVideo(written: string, specPath: string, inputRoot: string): Promise<VideoFile | null> {
    const place = { specFolder: dirname(specPath), inputRoot, workingFolder: this.#workingFolder };
    for (const candidate of videoCandidates(written, place, path)) {
      const video = await this.statVideo(candidate);
      if (video) return video;
    }
    return null;
  }

  async misnamedVideo(written: string, specPath: string, inputRoot: string): Promise<string | null> {
    if (/^[\x20-\x7e]*$/.test(written)) return null;
    const place = { specFolder: dirname(specPath), inputRoot, workingFolder: this.#workingFolder };
    for (const candidate of videoCandidates(written, place, path)) {
      const wanted = basename(candidate).normalize('NFC');
      const misnamed = await misnamedIn(dirname(candidate)).catch(() => []);
      const found = misnamed.find(({ bytes }) =>
        otherEncodings.some((name) => decoded(bytes, name) === wanted),
      );
      if (found) return join(dirname(candidate), found.name);
    }
    return null;
  }

  async statVideo(file: string): Promise<VideoFile | null> {
    return await this.#seen.getOr(file, () => statFile(file));
  }

  outputPath(outputDir: string, spec: string): string {
    if (spec !== '' && !isInnerPath(spec))
      throw new RangeError(`path leaves its folder: ${JSON.stringify(spec)}`);
    return join(resolve(this.#workingFolder, outputDir), ...spec.split('/'));
  }

  async publish(
    file: string,
    text: string | AsyncIterable<string>,
    like: readonly string[] = [],
  ): Promise<void> {
    await publishFile(file, text, await rightsLike(like));
  }

  async writeBack(file: string, text: string, source: string, hashes: readonly string[]): Promise<boolean> {
    const isOneFile = (await placeOf(file)) === (await placeOf(source));
    if (!isOneFile) await this.publish(file, text, [source]);
    const isStillIt = (content: Uint8Array) => hashes.includes(sha256Of(content));
    return await overwriteFile(source, text, isStillIt).catch((error: unknown) => {
      if (isErrno(error, 'ENOENT', 'ENOTDIR') || error instanceof NotAFileError) return false;
      throw error;
    });
  }
}

/** The entry of a folder that a path names, whatever leads to the folder. */
async function placeOf(path: string): Promise<string> {
  return join(await realpath(dirname(path)).catch(() => dirname(path)), basename(path));
}

function sha256Of(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

/** In which names of files were written before UTF-8, and still are by some tools. */
const otherEncodings = ['windows-1252', 'shift_jis', 'gbk', 'euc-kr', 'windows-1251', 'ibm866'] as const;

function decoded(bytes: Uint8Array, encoding: string): string {
  return new TextDecoder(encoding).decode(bytes).normalize('NFC');
}

async function statFile(file: string): Promise<VideoFile | null> {
  const found = await stat(file).catch(() => null);
  if (!found?.isFile()) return null;
  return { path: file, sizeBytes: found.size, modifiedMs: Math.trunc(found.mtimeMs) };
}

/** Adds what one input names, and gives the folder that it is named against. */
async function collectInput(input: string, hidden: ReadonlySet<string>, found: FoundFiles): Promise<string> {
  const kind = await stat(input);
  if (kind.isDirectory()) {
    await collectSpecFiles(input, hidden, found);
    return input;
  }
  const what = isShellPipe(input, kind) ? null : whatInsteadOfFile(kind);
  if (what !== null) throw notAFile(input, what);
  found.files.push(input);
  return dirname(input);
}

async function asInputError(error: unknown, given: string): Promise<unknown> {
  if (!isSystemError(error)) return error;
  const isMissing = isErrno(error, 'ENOENT', 'ENOTDIR');
  const isForbidden = isErrno(error, 'EACCES', 'EPERM');
  // An argument that is not UTF-8 comes with this character in place of its own.
  if (isMissing && given.includes('\uFFFD'))
    return missingInput(
      given,
      'Its name is not UTF-8: rename it, for example with convmv, and try again.',
      error,
    );
  const refused = isForbidden
    ? 'cannot be read: this user is not allowed to'
    : `cannot be read: ${messageOf(error)}`;
  return new AppError({
    code: 'input-missing',
    message: isMissing ? `There is no file or folder ${given}.` : `${given} ${refused}.`,
    nextStep: isForbidden
      ? 'Change its permissions, or run cosmos as a user who may read it.'
      : ((isMissing ? await nearbyText(given) : null) ??
        'Give the folder of your PromptSpecs, or single files.'),
    cause: error,
  });
}

/** Names what lies beside a path that is not there, where it is spelled nearly the same. */
async function nearbyText(given: string): Promise<string | null> {
  const path = resolve(given);
  // Nearly every short name is near to one or two letters.
  if (basename(path).length < 3) return null;
  const names = await readdir(dirname(path)).catch(() => []);
  const near = nearestWord(
    basename(path),
    names.filter((name) => !name.startsWith('.')),
  );
  return near === null ? null : `Did you mean ${join(dirname(given), near)}?`;
}

function missingInput(given: string, nextStep: string, cause: unknown): AppError {
  return new AppError({
    code: 'input-missing',
    message: `There is no file or folder ${given}.`,
    nextStep,
    cause,
  });
}

function notAFile(input: string, what: string): AppError {
  return new AppError({
    code: 'input-missing',
    message: `${input} is ${what}, not a file.`,
    nextStep: 'Write what comes through it to a file, and give that.',
  });
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
function nameOf(inputRoot: string, file: string): string {
  const way = isInside(file, inputRoot) ? relative(inputRoot, file) : file.replace(':', '');
  return way.split(sep).join('/').replace(/^\/+/, '') || basename(file);
}

function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
