import { readdir, rmdir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { AppError } from '../../errors/app-error.ts';
import { isErrno } from '../../errors/system-error.ts';
import type { Clock } from '../../ports/clock.ts';
import type {
  AnyCheckpoint,
  KeptHint,
  RunListing,
  RunOwner,
  RunPlace,
  RunSession,
  RunStore,
  StoredRun,
} from '../../ports/run-store.ts';
import { hasContent } from '../files/has-content.ts';
import { placeFile } from '../files/place-file.ts';
import { isOwnerAlive, isOwnerHere, readLockOwner } from '../files/process-lock.ts';
import { publishFile } from '../files/publish-file.ts';
import { publishStream } from '../files/publish-stream.ts';
import { readCheckpoint, readKind } from './checkpoint-file.ts';
import { type JournalContent, JournalWriter, readJournal } from './journal.ts';
import type { RunFormat } from './run-format.ts';
import { lockRun } from './run-locks.ts';
import { checkpointName, runLockName, runPaths } from './run-paths.ts';

/** {@link RunStore} in a folder of this machine, for one kind of runs. */
export class LocalRunStore<Planned extends AnyCheckpoint, Body> implements RunStore<Planned, Body> {
  readonly #folder: string;
  readonly #clock: Clock;
  readonly #format: RunFormat<Planned, Body>;

  constructor(folder: string, clock: Clock, format: RunFormat<Planned, Body>) {
    this.#folder = resolve(folder);
    this.#clock = clock;
    this.#format = format;
  }

  async create(checkpoint: Planned): Promise<RunSession<Planned, Body>> {
    const folder = join(this.#folder, checkpoint.run_id);
    try {
      return await this.#lock(folder, checkpoint, async () => {
        await publishFile(join(folder, checkpointName), `${JSON.stringify(checkpoint)}\n`);
      });
    } catch (error) {
      // Only an empty folder can be removed like this: one in which no run has begun.
      await rmdir(folder).catch(() => undefined);
      throw error;
    }
  }

  async open(reference: string): Promise<RunSession<Planned, Body>> {
    const folder = await this.#findOwn(reference);
    return await this.#lock(folder, await readCheckpoint(join(folder, checkpointName), this.#format));
  }

  async read(reference: string): Promise<StoredRun<Planned, Body>> {
    return (await this.#read(await this.#findOwn(reference))).run;
  }

  async owner(reference: string): Promise<RunOwner | null> {
    return await ownerOf(await this.#find(reference));
  }

  async locate(reference: string): Promise<RunPlace> {
    const folder = await this.#find(reference);
    return { folder, kind: (await readKind(join(folder, checkpointName))) ?? 'upsample' };
  }

  async list(): Promise<readonly RunListing[]> {
    const ids = (await this.#runIds()).reverse();
    return await Promise.all(ids.map((runId) => listingOf(runId, join(this.#folder, runId))));
  }

  /** Takes the locks and reads the run, or does neither. */
  async #lock(
    folder: string,
    checkpoint: Planned,
    prepare?: () => Promise<void>,
  ): Promise<RunSession<Planned, Body>> {
    const release = await lockRun(folder, checkpoint, this.#format);
    try {
      await prepare?.();
      return await this.#session(await this.#read(folder), release);
    } catch (error) {
      await release();
      throw error;
    }
  }

  async #read(folder: string): Promise<ReadRun<Planned, Body>> {
    const checkpoint = await readCheckpoint(join(folder, checkpointName), this.#format);
    const paths = runPaths(folder);
    const journal = await readJournal(paths.journal, this.#format.eventSchema);
    const { events, isTorn: isJournalTorn } = journal;
    return { run: { runId: checkpoint.run_id, folder, checkpoint, events, isJournalTorn, paths }, journal };
  }

  async #session(
    { run, journal: content }: ReadRun<Planned, Body>,
    release: () => Promise<void>,
  ): Promise<RunSession<Planned, Body>> {
    const journal = await JournalWriter.open(run.paths.journal, content, this.#clock);
    return {
      ...run,
      append: (body) => journal.append(body),
      flush: (isDurable) => journal.flush(isDurable),
      publish: (name, chunks) => publishStream(run.paths.inside(name), chunks),
      keepHint: async (sha256, source) => {
        await placeFile(source, run.paths.hint(sha256), sha256);
        return run.paths.hint(sha256);
      },
      keptHint: (sha256) => findHint(run.paths.hint(sha256), sha256),
      release: async () => {
        await journal.close();
        await release();
      },
    };
  }

  /** As `#find`, but `latest` is the latest run of this kind. */
  async #findOwn(reference: string): Promise<string> {
    if (reference !== 'latest') return await this.#find(reference);
    for (const runId of (await this.#runIds()).reverse()) {
      const folder = join(this.#folder, runId);
      if ((await readKind(join(folder, checkpointName))) === this.#format.kind) return folder;
    }
    throw notFound(`There is no run of this kind in ${this.#folder}.`);
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

/** A run with what its journal goes on from. */
interface ReadRun<Planned extends AnyCheckpoint, Body> {
  readonly run: StoredRun<Planned, Body>;
  readonly journal: JournalContent<Body>;
}

async function findHint(path: string, sha256: string): Promise<KeptHint | null> {
  const file = await stat(path).catch(() => null);
  if (file === null || !(await hasContent(path, sha256))) return null;
  return { path, sizeBytes: file.size };
}

async function listingOf(runId: string, folder: string): Promise<RunListing> {
  const owner = await ownerOf(folder);
  const kind = (await readKind(join(folder, checkpointName))) ?? 'upsample';
  return { runId, folder, kind, isLocked: owner !== null, ownerPid: owner?.isHere ? owner.pid : null };
}

async function ownerOf(folder: string): Promise<RunOwner | null> {
  const owner = await readLockOwner(join(folder, runLockName));
  if (owner === null || !(await isOwnerAlive(owner))) return null;
  return { pid: owner.pid, machine: owner.host, isHere: isOwnerHere(owner) };
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

function notFound(message: string): AppError {
  return new AppError({ code: 'run-not-found', message, nextStep: 'List the runs with: cosmos runs' });
}
