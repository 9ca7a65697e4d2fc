import { realpath, stat } from 'node:fs/promises';
import { isAbsolute, join, relative, resolve, sep } from 'node:path';
import { messageOf } from '../../errors/app-error.ts';
import type { FileStore } from '../../ports/file-store.ts';
import { layout, parseManifestName } from '../../protocol/layout.ts';
import { ApiError } from '../http/api-error.ts';
import { parseManifest } from './parse-manifest.ts';
import type { NumberedManifest } from './worker.ts';

/** Whose manifests are read, and from where. */
export interface ManifestSource {
  readonly runFolder: string;
  readonly runId: string;
  readonly workerId: number;
  /** The run folder again, to read from. */
  readonly store: FileStore;
}

const maxManifestBytes = 256 * 1024 * 1024;

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
 * The manifests of this worker, in order. One that cannot be read is told to `onBad` and left out.
 *
 * @param known - Numbers of those that need not be read.
 */
export async function readOwnManifests(
  source: ManifestSource,
  onBad: (message: string, index: number) => void,
  known: ReadonlySet<number> = new Set(),
): Promise<readonly NumberedManifest[]> {
  const found: NumberedManifest[] = [];
  for (const name of await source.store.list(layout.manifests)) {
    const parsed = parseManifestName(name);
    if (parsed?.workerId !== source.workerId || known.has(parsed.index)) continue;
    try {
      found.push(await readManifestAt(`${layout.manifests}/${name}`, source));
    } catch (error) {
      onBad(messageOf(error), parsed.index);
    }
  }
  return found.sort((a, b) => a.index - b.index);
}

/** The path below the run folder, with forward slashes, after links are followed. */
async function pathInside(path: string, runFolder: string): Promise<string> {
  if (path.includes('\0')) throw new ApiError(400, 'path-invalid', 'The path holds a zero byte.');
  const shown = JSON.stringify(path);
  const wanted = resolve(runFolder, path);
  if (!isInside(runFolder, wanted)) throw outside(shown);
  const [realFolder, realFile] = await Promise.all([realpath(runFolder), tryRealpath(wanted)]);
  if (realFile === null) throw new ApiError(404, 'manifest-missing', `There is no manifest at ${shown}.`);
  if (!isInside(realFolder, realFile)) throw outside(shown);
  const info = await stat(realFile);
  if (!info.isFile()) throw new ApiError(400, 'manifest-invalid', `${shown} is no file.`);
  if (info.size > maxManifestBytes) throw new ApiError(400, 'manifest-invalid', `${shown} is too large.`);
  return relative(realFolder, realFile).split(sep).join('/');
}

function isInside(folder: string, path: string): boolean {
  const back = relative(folder, path);
  return back !== '' && back !== '..' && !back.startsWith(`..${sep}`) && !isAbsolute(back);
}

async function tryRealpath(path: string): Promise<string | null> {
  try {
    return await realpath(path);
  } catch {
    return null;
  }
}

function outside(shown: string): ApiError {
  return new ApiError(403, 'path-outside', `${shown} lies outside the run folder.`);
}

async function readInside(path: string, source: ManifestSource): Promise<NumberedManifest> {
  const [folder, name, ...rest] = path.split('/');
  const parsedName = folder === layout.manifests && rest.length === 0 ? parseManifestName(name ?? '') : null;
  if (parsedName?.workerId !== source.workerId) {
    const expected = join(layout.manifests, `worker_${source.workerId}_manifest_<m>.json`);
    throw new ApiError(
      400,
      'manifest-invalid',
      `${path} is not a manifest of this worker: expected ${expected}.`,
    );
  }
  const content = await source.store.read(path);
  if (!content) throw new ApiError(404, 'manifest-missing', `There is no manifest at ${path}.`);
  const manifest = parseManifest(Buffer.from(content).toString('utf8'), path);
  if (manifest.run_id !== source.runId || manifest.worker_id !== source.workerId) {
    const owner = `run ${manifest.run_id}, worker ${manifest.worker_id}`;
    throw new ApiError(400, 'manifest-invalid', `${path} belongs to ${owner}, not to this worker.`);
  }
  return { index: parsedName.index, manifest };
}
