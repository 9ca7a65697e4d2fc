import { realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import pMap from 'p-map';
import type { Checkpoint } from '../../core/run/checkpoint.ts';
import { AppError, messageOf } from '../../errors/app-error.ts';
import { isSystemError } from '../../errors/system-error.ts';
import { acquireProcessLock } from '../files/process-lock.ts';
import { removeLeftovers } from '../files/remove-leftovers.ts';
import { outputLockName, runLockName, runPaths } from './run-paths.ts';

/** A folder that a run needs for itself. */
interface LockPlace {
  readonly lockPath: string;
  /** What is locked, for a person. */
  readonly what: string;
  /** The folder that the user chose, for a person. */
  readonly folder: string;
  readonly flag: string;
}

const looksAtOnce = 32;

/** What the system says when a folder cannot be made or written to, in words. */
const reasonOfErrno: Readonly<Record<string, string>> = {
  EEXIST: 'a file is in its place',
  ENOTDIR: 'a file is in its place',
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  EROFS: 'its disk can only be read',
};

/**
 * Takes the lock of the run and that of its output folder, or neither; clears up after a process that died with one.
 * Gives what releases both.
 *
 * @throws AppError `run-locked`, `usage-invalid` when one of the folders cannot be made or written to, `disk-full`.
 */
export async function lockRun(runFolder: string, checkpoint: Checkpoint): Promise<() => Promise<void>> {
  const releases: (() => Promise<void>)[] = [];
  const releaseAll = async () => {
    for (const release of releases.splice(0).reverse()) await release();
  };
  let hasSomebodyDied = false;
  try {
    for (const place of lockPlaces(runFolder, checkpoint)) {
      const lock = await take(place);
      releases.push(() => lock.release());
      hasSomebodyDied ||= lock.isTakenOver;
    }
    if (hasSomebodyDied) await removeLeftovers(await writtenPaths(runFolder, checkpoint));
  } catch (error) {
    await releaseAll();
    throw error;
  }
  return releaseAll;
}

function lockPlaces(runFolder: string, { settings }: Checkpoint): readonly LockPlace[] {
  const outputFolder = settings.output_dir;
  return [
    {
      lockPath: join(runFolder, runLockName),
      what: `run ${basename(runFolder)}`,
      folder: `checkpoint folder ${dirname(runFolder)}`,
      flag: '--checkpoint-dir',
    },
    {
      lockPath: join(outputFolder, outputLockName),
      what: `output folder ${outputFolder}`,
      folder: `output folder ${outputFolder}`,
      flag: '--output-dir',
    },
  ];
}

async function take(place: LockPlace) {
  const attempt = await acquireProcessLock(place.lockPath).catch((error: unknown) => {
    throw asFolderError(error, place);
  });
  if (attempt.isHeld) return attempt;
  throw new AppError({
    code: 'run-locked',
    message: `Process ${attempt.owner.pid} on ${attempt.owner.host} works on the ${place.what}.`,
    hint: `Wait for it, or stop it. If that process is gone for good, delete ${place.lockPath}.`,
  });
}

function asFolderError(error: unknown, { folder, flag }: LockPlace): unknown {
  if (!isSystemError(error)) return error;
  return new AppError({
    code: 'usage-invalid',
    message: `The ${folder} cannot be used: ${reasonOfErrno[error.code] ?? messageOf(error)}.`,
    hint: `Choose another one with ${flag}.`,
    cause: error,
  });
}

/** Every file that a run writes by rename, besides its hints. */
async function writtenPaths(
  runFolder: string,
  { specs, settings, input_root: inputRoot }: Checkpoint,
): Promise<string[]> {
  const { checkpoint, reportJson, reportHtml } = runPaths(runFolder);
  const pathsIn = (folder: string) => specs.map(({ spec }) => join(folder, ...spec.split('/')));
  // Sources are written where their links lead.
  const sources = settings.write_back
    ? await pMap(pathsIn(inputRoot), (path) => realpath(path).catch(() => path), { concurrency: looksAtOnce })
    : [];
  return [checkpoint, reportJson, reportHtml, ...pathsIn(settings.output_dir), ...sources];
}
