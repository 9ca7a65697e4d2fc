import { realpath, stat } from 'node:fs/promises';
import { isAbsolute, join, relative, resolve, sep } from 'node:path';
import { parseJson } from '../../core/json.ts';
import { messageOf } from '../../errors/app-error.ts';
import type { FileStore } from '../../ports/file-store.ts';
import { layout, parseManifestName } from '../../protocol/layout.ts';
import { type Manifest, manifestSchema } from '../../protocol/manifest.ts';
import { ApiError } from '../http/json-server.ts';

/** A manifest and its number: of several, the highest number's engine settings hold. */
export interface NumberedManifest {
  readonly index: number;
  readonly manifest: Manifest;
}

/** Whose manifests are read, and from where. */
export interface ManifestSource {
  readonly runFolder: string;
  readonly runId: string;
  readonly workerId: number;
  /** The run folder again, to read from. */
  readonly store: FileStore;
}

const maxManifestBytes = 256 * 1024 * 1024;
const problemsShown = 3;

/**
 * Reads the manifest at `path`, relative to the run folder or absolute.
 *
 * @throws ApiError 403 when the path leaves the run folder, also by a symbolic link, and then nothing is read;
 * 404 when there is no such file; 400 when it is no manifest of this worker.
 */
export async function readManifestAt(path: string, source: ManifestSource): Promise<NumberedManifest> {
  return await readInside(await pathInside(path, source.runFolder), source);
}

/**
 * The manifests of this worker, in order, each read when it is asked for: those of a million tasks do not fit into memory. What
 * cannot be read is reported to `onBad` and left out.
 *
 * @param known - Numbers of those that need not be read.
 */
export async function* readOwnManifests(
  source: ManifestSource,
  onBad: (message: string, index: number) => void,
  known: ReadonlySet<number> = new Set(),
): AsyncGenerator<NumberedManifest> {
  const indexes = (await source.store.list(layout.manifests)).flatMap((name) => {
    const parsed = parseManifestName(name);
    return parsed?.workerId === source.workerId && !known.has(parsed.index) ? [parsed.index] : [];
  });
  for (const index of indexes.sort((one, other) => one - other)) {
    const manifest = await readManifestAt(layout.manifest(source.workerId, index), source).catch(
      (error: unknown) => onBad(messageOf(error), index),
    );
    if (manifest) yield manifest;
  }
}

/**
 * Reads a manifest's text.
 *
 * @param path - How messages name the file.
 * @throws ApiError 400 `manifest-invalid`, with the first things that are wrong.
 */
export function parseManifest(text: string | Uint8Array, path: string): Manifest {
  const json = parseJson(text);
  if (json === undefined) throw invalid(`${path} is not JSON: it is torn, or something else`);
  const parsed = manifestSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const { issues } = parsed.error;
  const shown = issues.slice(0, problemsShown).map(({ path: at, message }) => {
    return at.length === 0 ? message : `${message} at ${at.map(String).join('.')}`;
  });
  const more = issues.length > problemsShown ? [`and ${issues.length - problemsShown} more`] : [];
  throw invalid(`${path} is not a manifest: ${[...shown, ...more].join('; ')}`);
}

/** The path below the run folder, with forward slashes, after links are followed. */
async function pathInside(path: string, runFolder: string): Promise<string> {
  if (path.includes('\0')) throw new ApiError(400, 'path-invalid', 'The path holds a zero byte.');
  const shown = JSON.stringify(path);
  const wanted = resolve(runFolder, path);
  if (!isInside(runFolder, wanted)) throw outside(shown);
  const [realFolder, realFile] = await Promise.all([realpath(runFolder), realpath(wanted).catch(() => null)]);
  if (realFile === null) throw missing(shown);
  if (!isInside(realFolder, realFile)) throw outside(shown);
  const info = await stat(realFile);
  if (!info.isFile()) throw invalid(`${shown} is not a file.`);
  if (info.size > maxManifestBytes) throw invalid(`${shown} is too large.`);
  return relative(realFolder, realFile).split(sep).join('/');
}

function isInside(folder: string, path: string): boolean {
  const back = relative(folder, path);
  return back !== '' && back !== '..' && !back.startsWith(`..${sep}`) && !isAbsolute(back);
}

async function readInside(path: string, source: ManifestSource): Promise<NumberedManifest> {
  const [folder, name, ...rest] = path.split('/');
  const parsedName = folder === layout.manifests && rest.length === 0 ? parseManifestName(name ?? '') : null;
  if (parsedName?.workerId !== source.workerId) {
    const expected = join(layout.manifests, `worker_${source.workerId}_manifest_<m>.json`);
    throw invalid(`${path} is not a manifest of this worker: expected ${expected}.`);
  }
  const content = await source.store.read(path);
  if (!content) throw missing(path);
  const manifest = parseManifest(content, path);
  if (manifest.run_id !== source.runId || manifest.worker_id !== source.workerId) {
    const owner = `run ${manifest.run_id}, worker ${manifest.worker_id}`;
    throw invalid(`${path} belongs to ${owner}, not to this worker.`);
  }
  return { index: parsedName.index, manifest };
}

function invalid(message: string): ApiError {
  return new ApiError(400, 'manifest-invalid', message);
}

function missing(shown: string): ApiError {
  return new ApiError(404, 'manifest-missing', `There is no manifest at ${shown}.`);
}

function outside(shown: string): ApiError {
  return new ApiError(403, 'path-outside', `${shown} lies outside the run folder.`);
}
