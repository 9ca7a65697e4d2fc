import { mkdir, readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { Checkpoint } from '../../core/run/checkpoint.ts';
import { AppError } from '../../errors/app-error.ts';
import type { Clock } from '../../ports/clock.ts';
import type { RunListing, RunPaths, RunSession, RunStore, StoredRun } from '../../ports/run-store.ts';
import { placeFile } from '../files/place-file.ts';
import { acquireProcessLock, isOwnerAlive, readLockOwner } from '../files/process-lock.ts';
import { isErrno, publishFile } from '../files/publish-file.ts';
import { removeLeftovers } from '../files/remove-leftovers.ts';
import { readCheckpoint } from './checkpoint-file.ts';
import { JournalWriter, readJournal } from './journal.ts';

const checkpointName = 'checkpoint.json';
const runLockName = 'run.lock';

/** Name of the lock in an output folder; it starts with a dot, so that no scan takes it for a spec. */
export const outputLockName = '.cosmos.lock';

/** {@link RunStore} in a folder of this machine. */
export class LocalRunStore implements RunStore {
  readonly #folder: string;
  readonly #clock: Clock;

  constructor(folder: string, clock: Clock) {
    this.#folder = resolve(folder);
    this.#clock = clock;
  }

  async create(checkpoint: Checkpoint): Promise<RunSession> {
    const folder = join(this.#folder, checkpoint.run_id);
    const release = await lockAll(folder, checkpoint);
    try {
      await publishFile(join(folder, checkpointName), `${JSON.stringify(checkpoint)}\n`);
      return await this.#session(await readRun(folder), release);
    } catch (error) {
      await release();
      throw error;
    }
  }

  async open(reference: string): Promise<RunSession> {
    const folder = await this.#find(reference);
    const release = await lockAll(folder, await readCheckpoint(join(folder, checkpointName)));
    try {
      return await this.#session(await readRun(folder), release);
    } catch (error) {
      await release();
      throw error;
    }
  }

  async read(reference: string): Promise<StoredRun> {
    return await readRun(await this.#find(reference));
  }

  async ownerPid(reference: string): Promise<number | null> {
    const folder = await this.#find(reference);
    return (await listingOf(basename(folder), folder)).ownerPid;
  }

  async list(): Promise<readonly RunListing[]> {
    const ids = (await this.#runIds()).reverse();
    return await Promise.all(ids.map((runId) => listingOf(runId, join(this.#folder, runId))));
  }

  async #session(run: StoredRun, release: () => Promise<void>): Promise<RunSession> {
    const path = run.paths.journal;
    const journal = await JournalWriter.open(path, await readJournal(path), this.#clock);
    return {
      ...run,
      append: (body) => journal.append(body),
      flush: (isDurable) => journal.flush(isDurable),
      keepHint: async (sha256, source) => {
        await placeFile(source, run.paths.hint(sha256));
        return run.paths.hint(sha256);
      },
      release: async () => {
        await journal.close();
        await release();
      },
    };
  }

  /** Folder of the run that a path, a run id or `latest` names. */
  async #find(reference: string): Promise<string> {
    if (reference === 'latest') return await this.#latest();
    const path = resolve(reference);
    if (basename(path) === checkpointName) return dirname(path);
    if (await exists(join(path, checkpointName))) return path;
    const named = join(this.#folder, basename(reference));
    if (await exists(join(named, checkpointName))) return named;
    // A checkpoint that was renamed still lies beside its journal only under its own name; say what was tried.
    throw notFound(`There is no run "${reference}", neither as a path nor in ${this.#folder}.`);
  }

  async #latest(): Promise<string> {
    const newest = (await this.#runIds()).at(-1);
    if (newest === undefined) throw notFound(`There is no run in ${this.#folder}.`);
    return join(this.#folder, newest);
  }

  /** Ids of all runs, oldest first: they begin with the time. */
  async #runIds(): Promise<string[]> {
    try {
      const entries = await readdir(this.#folder, { withFileTypes: true });
      const folders = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
      const found = await Promise.all(
        folders.map((name) => exists(join(this.#folder, name, checkpointName))),
      );
      return folders.filter((_, index) => found[index]).sort();
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return [];
      throw error;
    }
  }
}

async function readRun(folder: string): Promise<StoredRun> {
  const checkpoint = await readCheckpoint(join(folder, checkpointName));
  const paths = pathsOf(folder);
  const journal = await readJournal(paths.journal);
  return {
    runId: checkpoint.run_id,
    folder,
    checkpoint,
    events: journal.events,
    isJournalTorn: journal.isTorn,
    paths,
  };
}

function pathsOf(folder: string): RunPaths {
  return {
    checkpoint: join(folder, checkpointName),
    journal: join(folder, 'journal.jsonl'),
    reportJson: join(folder, 'report.json'),
    reportHtml: join(folder, 'report.html'),
    hint: (sha256) => join(folder, 'hints', `${sha256}.mp4`),
  };
}

async function listingOf(runId: string, folder: string): Promise<RunListing> {
  const owner = await readLockOwner(join(folder, runLockName));
  const isLocked = owner !== null && (await isOwnerAlive(owner));
  return { runId, folder, isLocked, ownerPid: isLocked ? owner.pid : null };
}

/** Takes the lock of the run and that of its output folder, or neither; clears up after a process that died with one. */
async function lockAll(runFolder: string, checkpoint: Checkpoint): Promise<() => Promise<void>> {
  const outputFolder = checkpoint.settings.output_dir;
  let hasSomebodyDied = false;
  const releases: (() => Promise<void>)[] = [];
  const releaseAll = async () => {
    for (const release of releases.reverse()) await release();
  };
  for (const [path, what] of [
    [join(runFolder, runLockName), `run ${basename(runFolder)}`],
    [join(outputFolder, outputLockName), `output folder ${outputFolder}`],
  ] as const) {
    await mkdir(dirname(path), { recursive: true });
    const attempt = await acquireProcessLock(path);
    if (!attempt.isHeld) {
      await releaseAll();
      throw new AppError({
        code: 'run-locked',
        message: `Process ${attempt.owner.pid} on ${attempt.owner.host} works on the ${what}.`,
        hint: `Wait for it, or stop it. If that process is gone for good, delete ${path}.`,
      });
    }
    releases.push(() => attempt.release());
    hasSomebodyDied ||= attempt.isTakenOver;
  }
  if (hasSomebodyDied) await removeLeftovers(writtenPaths(runFolder, checkpoint));
  return releaseAll;
}

/** Every file that a run writes by rename, besides its hints. */
function writtenPaths(runFolder: string, { specs, settings, input_root: inputRoot }: Checkpoint): string[] {
  const { checkpoint, reportJson, reportHtml } = pathsOf(runFolder);
  const folders = settings.write_back ? [settings.output_dir, inputRoot] : [settings.output_dir];
  const written = folders.flatMap((folder) => specs.map(({ spec }) => join(folder, ...spec.split('/'))));
  return [checkpoint, reportJson, reportHtml, ...written];
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

function notFound(message: string): AppError {
  return new AppError({ code: 'run-not-found', message, hint: 'List the runs with: cosmos runs' });
}
