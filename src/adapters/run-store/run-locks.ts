import { realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import pMap from 'p-map';
import { cancelCommand } from '../../core/run/run-commands.ts';
import type { AnyCheckpoint, RunFormat, RunOutput, WrittenFile } from '../../core/run/run-format.ts';
import { shortName } from '../../core/temporary-name.ts';
import { AppError } from '../../errors/app-error.ts';
import { acquireProcessLock } from '../files/process-lock.ts';
import { makeFolder, ownerOnlyFolder, removeLeftovers } from '../files/publish-file.ts';
import { folderRefusal } from '../files/unwritable.ts';
import { outputLockName, runLockName, runPaths } from './run-paths.ts';

const linksAtOnce = 32;

/** Something that a run needs for itself, while it works on it. */
interface LockPlace {
  /** How to stop a process that has it: the end of a sentence. */
  readonly stop: string;
  readonly lockPath: string;
  readonly what: string;
  /** The folder that the user chose, for a person. */
  readonly folder: string;
  readonly flag: string;
}

/**
 * Takes the lock of the run and that of its output folder, or neither; clears up after a process that died with one.
 * Gives what releases both.
 *
 * @throws AppError `run-locked`, `usage-invalid` when one of the folders cannot be made or written to, `disk-full`.
 */
export async function lockRun<Checkpoint extends AnyCheckpoint, Event>(
  runFolder: string,
  checkpoint: Checkpoint,
  format: RunFormat<Checkpoint, Event>,
): Promise<() => Promise<void>> {
  const releases: (() => Promise<void>)[] = [];
  const releaseAll = async () => {
    for (const release of releases.splice(0).reverse()) await release();
  };
  let hasOwnerDied = false;
  try {
    for (const place of [runLock(runFolder), outputLock(format.outputOf(checkpoint))]) {
      const lock = await take(place);
      releases.push(() => lock.release());
      hasOwnerDied ||= lock.isTakenOver;
    }
    if (hasOwnerDied) {
      const { checkpoint: checkpointPath, reportJson, reportHtml } = runPaths(runFolder);
      await removeLeftovers([checkpointPath, reportJson, reportHtml]);
      await removeLeftovers(await pathsOf(format.writtenFiles(checkpoint)));
    }
  } catch (error) {
    await releaseAll();
    throw error;
  }
  return releaseAll;
}

/** It holds prompts and pictures: others may not look into it. Taking its lock tells why it cannot be made. */
export async function makeRunFolder(folder: string): Promise<void> {
  try {
    await makeFolder(dirname(folder));
    await makeFolder(folder, ownerOnlyFolder);
  } catch {
    // Told by what follows.
  }
}

/** Takes the lock of the run alone. Gives what releases it. @throws AppError `run-locked`. */
export async function lockRunFolder(runFolder: string): Promise<() => Promise<void>> {
  const lock = await take(runLock(runFolder));
  return () => lock.release();
}

function runLock(runFolder: string): LockPlace {
  return {
    lockPath: join(runFolder, runLockName),
    what: `run ${basename(runFolder)}`,
    stop: `stop it with: ${cancelCommand(basename(runFolder))}`,
    folder: `checkpoint folder ${dirname(runFolder)}`,
    flag: '--checkpoint-dir',
  };
}

/** The lock that keeps other runs away from the output of one. */
export function outputLock({ path, type, flag }: RunOutput): LockPlace {
  const stop = 'find its run with: cosmos runs --status running';
  if (type === 'folder')
    return {
      lockPath: join(path, outputLockName),
      what: `output folder ${path}`,
      folder: `output folder ${path}`,
      ...{ flag, stop },
    };
  // Hidden, and named after the file: other files of the folder may be written meanwhile.
  const lockPath = join(dirname(path), `.${shortName(basename(path))}.cosmos.lock`);
  return { lockPath, what: `output ${path}`, folder: `output folder ${dirname(path)}`, flag, stop };
}

/** Where files are written: they are made whenever they are looked through, but for those that links lead to. */
async function pathsOf(files: Iterable<WrittenFile>): Promise<Iterable<string>> {
  const pathOf = ({ folder, name }: WrittenFile) => join(folder, ...name.split('/'));
  const linked: string[] = [];
  for (const file of files) if (file.isLinkFollowed) linked.push(pathOf(file));
  const real = await pMap(linked, (path) => realpath(path).catch(() => path), { concurrency: linksAtOnce });
  return {
    *[Symbol.iterator]() {
      for (const file of files) if (!file.isLinkFollowed) yield pathOf(file);
      yield* real;
    },
  };
}

async function take(place: LockPlace) {
  const attempt = await acquireProcessLock(place.lockPath).catch((error: unknown) => {
    throw asFolderError(error, place);
  });
  if (attempt.isHeld) return attempt;
  throw new AppError({
    code: 'run-locked',
    message: `Process ${attempt.owner.pid} on ${attempt.owner.host} is working on the ${place.what}.`,
    nextStep: `Wait for it, or ${place.stop}. If that process is gone for good, delete ${place.lockPath}.`,
  });
}

function asFolderError(error: unknown, { folder, flag }: LockPlace): unknown {
  const reason = folderRefusal(error);
  if (reason === null) return error;
  return new AppError({
    code: 'usage-invalid',
    message: `The ${folder} cannot be used: ${reason}.`,
    nextStep: `Choose another one with ${flag}.`,
    cause: error,
  });
}
