import { readdir, rmdir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { type AnyCheckpoint, asOfNow, type RunFormat } from '../../core/run/run-format.ts';
import { AppError } from '../../errors/app-error.ts';
import type { Clock } from '../../ports/clock.ts';
import type {
  KeptFile,
  RunListing,
  RunOwner,
  RunPlace,
  RunSession,
  RunStore,
  StoredRun,
} from '../../ports/run-store.ts';
import { hasContent } from '../files/hash-file.ts';
import { isOwnerAlive, isOwnerHere, readLockOwner } from '../files/process-lock.ts';
import { placeFile, publishFile } from '../files/publish-file.ts';
import { unlessMissing } from '../files/unless-missing.ts';
import { checkpointText, readCheckpoint, readKind } from './checkpoint-file.ts';
import { type JournalContent, JournalWriter, readJournal } from './journal.ts';
import { lockRun } from './run-locks.ts';
import { checkpointName, runLockName, runPaths } from './run-paths.ts';

/** {@link RunStore} in a folder of this machine. */
export class LocalRunStore implements RunStore {
  readonly #folder: string;
  readonly #clock: Clock;

  constructor(folder: string, clock: Clock) {
    this.#folder = resolve(folder);
    this.#clock = clock;
  }

  async create<Checkpoint extends AnyCheckpoint, Event>(
    format: RunFormat<Checkpoint, Event>,
    checkpoint: Checkpoint,
  ): Promise<RunSession<Checkpoint, Event>> {
    const folder = join(this.#folder, checkpoint.run_id);
    try {
      return await this.#lock(folder, format, checkpoint, async () => {
        await publishFile(join(folder, checkpointName), checkpointText(checkpoint));
        return beginningOf(folder, checkpoint);
      });
    } catch (error) {
      // Only an empty folder can be removed like this: one in which no run has begun.
      await rmdir(folder).catch(() => undefined);
      throw error;
    }
  }

  async open<Checkpoint extends AnyCheckpoint, Event>(
    format: RunFormat<Checkpoint, Event>,
    reference: string,
  ): Promise<RunSession<Checkpoint, Event>> {
    const folder = await this.#findOfKind(format.kind, reference);
    const checkpoint = await readCheckpoint(join(folder, checkpointName), format);
    return await this.#lock(folder, format, checkpoint, () => readRun(folder, format));
  }

  async read<Checkpoint extends AnyCheckpoint, Event>(
    format: RunFormat<Checkpoint, Event>,
    reference: string,
  ): Promise<StoredRun<Checkpoint, Event>> {
    return (await readRun(await this.#findOfKind(format.kind, reference), format)).run;
  }

  async owner(reference: string): Promise<RunOwner | null> {
    return await ownerOf(await this.#find(reference));
  }

  async locate(reference: string): Promise<RunPlace> {
    const folder = await this.#find(reference);
    return { folder, kind: (await readKind(join(folder, checkpointName))) ?? '' };
  }

  async list(): Promise<readonly RunListing[]> {
    const ids = (await this.#runIds()).reverse();
    return await Promise.all(ids.map((runId) => listingOf(runId, join(this.#folder, runId))));
  }

  /** Takes the locks and opens the run, or does neither. */
  async #lock<Checkpoint extends AnyCheckpoint, Event>(
    folder: string,
    format: RunFormat<Checkpoint, Event>,
    checkpoint: Checkpoint,
    read: () => Promise<ReadRun<Checkpoint, Event>>,
  ): Promise<RunSession<Checkpoint, Event>> {
    const release = await lockRun(folder, checkpoint, format);
    try {
      return await this.#session(await read(), release);
    } catch (error) {
      await release();
      throw error;
    }
  }

  async #session<Checkpoint extends AnyCheckpoint, Event>(
    { run, journal: content }: ReadRun<Checkpoint, Event>,
    release: () => Promise<void>,
  ): Promise<RunSession<Checkpoint, Event>> {
    const journal = await JournalWriter.open(run.paths.journal, content, this.#clock);
    return {
      ...run,
      append: (body) => journal.append(body),
      flush: (isDurable) => journal.flush(isDurable),
      publish: (name, chunks) => publishFile(run.paths.inside(name), chunks),
      keep: async (name, source, sha256) => {
        await placeFile(source, run.paths.inside(name), sha256);
        return run.paths.inside(name);
      },
      kept: (name, sha256) => findKept(run.paths.inside(name), sha256),
      release: async () => {
        await journal.close();
        await release();
      },
    };
  }

  /** As `#find`, but `latest` is the latest run of this kind. */
  async #findOfKind(kind: string, reference: string): Promise<string> {
    if (reference !== 'latest') return await this.#find(reference);
    for (const runId of (await this.#runIds()).reverse()) {
      const folder = join(this.#folder, runId);
      if ((await readKind(join(folder, checkpointName))) === kind) return folder;
    }
    throw notFound(`There is no run of this kind in ${this.#folder}.`);
  }

  /** Folder of the run that a path, a run id or `latest` names. */
  async #find(reference: string): Promise<string> {
    if (reference === 'latest') {
      const newest = (await this.#runIds()).at(-1);
      if (newest === undefined) throw notFound(`There is no run in ${this.#folder}.`);
      return join(this.#folder, newest);
    }
    const path = resolve(reference);
    if (basename(path) === checkpointName) return dirname(path);
    if (await exists(join(path, checkpointName))) return path;
    const named = join(this.#folder, basename(reference));
    if (await exists(join(named, checkpointName))) return named;
    // A checkpoint that was renamed still lies beside its journal only under its own name; say what was tried.
    throw notFound(`There is no run "${reference}", neither as a path nor in ${this.#folder}.`);
  }

  /** Ids of all runs, oldest first: they begin with the time. */
  async #runIds(): Promise<string[]> {
    const entries = (await unlessMissing(readdir(this.#folder, { withFileTypes: true }))) ?? [];
    const folders = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
    const found = await Promise.all(folders.map((name) => exists(join(this.#folder, name, checkpointName))));
    return folders.filter((_, index) => found[index]).sort();
  }
}

/** A run with what its journal goes on from. */
interface ReadRun<Checkpoint extends AnyCheckpoint, Event> {
  readonly run: StoredRun<Checkpoint, Event>;
  readonly journal: JournalContent<Event>;
}

/** A run that has just been written. It may be too large to be there twice. */
function beginningOf<Checkpoint extends AnyCheckpoint, Event>(
  folder: string,
  checkpoint: Checkpoint,
): ReadRun<Checkpoint, Event> {
  const journal = { events: [], wholeBytes: 0, isTorn: false };
  const paths = runPaths(folder);
  return {
    run: { runId: checkpoint.run_id, folder, checkpoint, events: [], isJournalTorn: false, paths },
    journal,
  };
}

async function readRun<Checkpoint extends AnyCheckpoint, Event>(
  folder: string,
  format: RunFormat<Checkpoint, Event>,
): Promise<ReadRun<Checkpoint, Event>> {
  const checkpoint = await readCheckpoint(join(folder, checkpointName), format);
  const paths = runPaths(folder);
  const journal = await readJournal(paths.journal, format.eventSchema);
  const { events, isTorn: isJournalTorn } = journal;
  const run = { runId: checkpoint.run_id, folder, checkpoint: asOfNow(checkpoint, events), events };
  return { run: { ...run, isJournalTorn, paths }, journal };
}

async function findKept(path: string, sha256: string): Promise<KeptFile | null> {
  const file = await stat(path).catch(() => null);
  if (file === null || !(await hasContent(path, sha256))) return null;
  return { path, sizeBytes: file.size };
}

async function listingOf(runId: string, folder: string): Promise<RunListing> {
  const owner = await ownerOf(folder);
  const kind = (await readKind(join(folder, checkpointName))) ?? 'unknown';
  return { runId, folder, kind, isLocked: owner !== null, ownerPid: owner?.isHere ? owner.pid : null };
}

async function ownerOf(folder: string): Promise<RunOwner | null> {
  const owner = await readLockOwner(join(folder, runLockName));
  if (owner === null || !(await isOwnerAlive(owner))) return null;
  return { pid: owner.pid, machine: owner.host, isHere: isOwnerHere(owner) };
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null))?.isFile() ?? false;
}

function notFound(message: string): AppError {
  return new AppError({ code: 'run-not-found', message, nextStep: 'List the runs with: cosmos runs' });
}
