import { basename, dirname, join } from 'node:path';
import { AppError, messageOf } from '../../errors/app-error.ts';
import { isSystemError } from '../../errors/system-error.ts';
import type { AnyCheckpoint } from '../../ports/run-store.ts';
import { acquireProcessLock } from '../files/process-lock.ts';
import { removeLeftovers } from '../files/remove-leftovers.ts';
import type { LockPlace, RunFormat } from './run-format.ts';
import { runLockName, runPaths } from './run-paths.ts';

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
export async function lockRun<Planned extends AnyCheckpoint, Body>(
  runFolder: string,
  checkpoint: Planned,
  format: RunFormat<Planned, Body>,
): Promise<() => Promise<void>> {
  const releases: (() => Promise<void>)[] = [];
  const releaseAll = async () => {
    for (const release of releases.splice(0).reverse()) await release();
  };
  let hasSomebodyDied = false;
  try {
    for (const place of [runLock(runFolder), format.outputLock(checkpoint)]) {
      const lock = await take(place);
      releases.push(() => lock.release());
      hasSomebodyDied ||= lock.isTakenOver;
    }
    if (hasSomebodyDied) {
      const { checkpoint: checkpointPath, reportJson, reportHtml } = runPaths(runFolder);
      const outside = await format.writtenPaths(checkpoint);
      await removeLeftovers([checkpointPath, reportJson, reportHtml, ...outside]);
    }
  } catch (error) {
    await releaseAll();
    throw error;
  }
  return releaseAll;
}

function runLock(runFolder: string): LockPlace {
  return {
    lockPath: join(runFolder, runLockName),
    what: `run ${basename(runFolder)}`,
    folder: `checkpoint folder ${dirname(runFolder)}`,
    flag: '--checkpoint-dir',
  };
}

async function take(place: LockPlace) {
  const attempt = await acquireProcessLock(place.lockPath).catch((error: unknown) => {
    throw asFolderError(error, place);
  });
  if (attempt.isHeld) return attempt;
  throw new AppError({
    code: 'run-locked',
    message: `Process ${attempt.owner.pid} on ${attempt.owner.host} works on the ${place.what}.`,
    nextStep: `Wait for it, or stop it. If that process is gone for good, delete ${place.lockPath}.`,
  });
}

function asFolderError(error: unknown, { folder, flag }: LockPlace): unknown {
  if (!isSystemError(error)) return error;
  return new AppError({
    code: 'usage-invalid',
    message: `The ${folder} cannot be used: ${reasonOfErrno[error.code] ?? messageOf(error)}.`,
    nextStep: `Choose another one with ${flag}.`,
    cause: error,
  });
}
