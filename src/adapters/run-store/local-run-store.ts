import { createHash } from 'node:crypto';
import { rmdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { ZodType } from 'zod';
import { runApprovalId, settingsInEvent, shownOfRun } from '../../core/run/run-approval.ts';
import { type AnyCheckpoint, asOfNow, type RunFormat, type RunOutput } from '../../core/run/run-format.ts';
import type { Clock } from '../../ports/clock.ts';
import type {
  ApprovedRun,
  KeptFile,
  RemovedRun,
  RunListing,
  RunOrigin,
  RunOwner,
  RunPlace,
  RunSession,
  RunStore,
  StoredRun,
} from '../../ports/run-store.ts';
import { hasContent } from '../files/hash-file.ts';
import { isOwnerAlive, isOwnerHere, isOwnerProven, readLockOwner } from '../files/process-lock.ts';
import { placeFile, publishFile } from '../files/publish-file.ts';
import { type CheckpointFile, checkpointText, readCheckpoint, readKind } from './checkpoint-file.ts';
import { type KnownRun, RunFinder } from './find-run.ts';
import { type JournalContent, JournalWriter, readJournal } from './journal.ts';
import { removeRun } from './remove-run.ts';
import type { IndexedRun, RunIndex } from './run-index.ts';
import { lockRun, makeRunFolder } from './run-locks.ts';
import { checkpointName, runLockName, runPaths } from './run-paths.ts';
import { assertOwned, type RunToApprove, type RunTrust } from './run-trust.ts';

interface RunStoreOptions {
  /** The runs of this user in all folders; null where only those of one folder are wanted. */
  readonly index: RunIndex | null;
  /** Which runs continue without a question; null where all do. */
  readonly trust: RunTrust | null;
  /** Says which run a reference stands for, where it does not say so itself. */
  readonly onChosen: (line: string) => void;
}

/** {@link RunStore} in a folder of this machine. */
export class LocalRunStore implements RunStore {
  readonly #folder: string;
  readonly #clock: Clock;
  readonly #index: RunIndex | null;
  readonly #trust: RunTrust | null;
  readonly #finder: RunFinder;

  constructor(folder: string, clock: Clock, options: Partial<RunStoreOptions> = {}) {
    this.#folder = resolve(folder);
    this.#clock = clock;
    this.#index = options.index ?? null;
    this.#trust = options.trust ?? null;
    const onChosen = options.onChosen ?? (() => undefined);
    this.#finder = new RunFinder({ folder: this.#folder, index: this.#index, onChosen });
  }

  async create<Checkpoint extends AnyCheckpoint, Event>(
    format: RunFormat<Checkpoint, Event>,
    checkpoint: Checkpoint,
  ): Promise<RunSession<Checkpoint, Event>> {
    const folder = join(this.#folder, checkpoint.run_id);
    await makeRunFolder(folder);
    try {
      const session = await this.#lock(folder, format, checkpoint, async () => {
        let sha256 = '';
        // What the user starts is theirs: that is remembered before there is a run.
        const text = hashed(checkpointText(checkpoint), async (hash) => {
          sha256 = hash;
          await this.#note(folder, checkpoint, runApprovalId(checkpoint.run_id, hash, null));
        });
        await publishFile(join(folder, checkpointName), text);
        return beginningOf(folder, checkpoint, sha256);
      });
      await this.#index?.note({ runId: checkpoint.run_id, kind: format.kind, folder }, true);
      return session;
    } catch (error) {
      // Only an empty folder can be removed like this: one in which no run has started.
      await rmdir(folder).catch(() => undefined);
      throw error;
    }
  }

  async open<Checkpoint extends AnyCheckpoint, Event>(
    format: RunFormat<Checkpoint, Event>,
    reference: string,
  ): Promise<RunSession<Checkpoint, Event>> {
    const { folder } = await this.#finder.find(reference, format.kind);
    const first = await readCheckpoint(join(folder, checkpointName), format);
    const { checkpoint, sha256 } = first;
    // Its locks are in folders that it names itself.
    const isKnown = await this.#trust?.isApproved([runApprovalId(checkpoint.run_id, sha256, null)]);
    if (isKnown === false) await this.#assertApproved(await readRun(folder, format));
    const session = await this.#lock(folder, format, checkpoint, async () => {
      const read = await readRun(folder, format, first);
      await this.#assertApproved(read);
      return read;
    });
    await this.#index?.note({ runId: checkpoint.run_id, kind: format.kind, folder }, false);
    return session;
  }

  async read<Checkpoint extends AnyCheckpoint, Event>(
    format: RunFormat<Checkpoint, Event>,
    reference: string,
  ): Promise<StoredRun<Checkpoint, Event>> {
    return (await readRun((await this.#finder.find(reference, format.kind)).folder, format)).run;
  }

  async assertApproved<Checkpoint extends AnyCheckpoint, Event>(
    format: RunFormat<Checkpoint, Event>,
    reference: string,
  ): Promise<void> {
    const { folder } = await this.#finder.find(reference, format.kind);
    await this.#assertApproved(await readRun(folder, format));
  }

  async approve<Checkpoint extends AnyCheckpoint, Event>(
    format: RunFormat<Checkpoint, Event>,
    reference: string,
  ): Promise<ApprovedRun> {
    const { folder } = await this.#finder.find(reference, format.kind);
    const run = toApprove(await readRun(folder, format));
    const wasApproved = (await this.#trust?.isApproved(run.ids)) ?? true;
    if (!wasApproved) await assertOwned(folder);
    await this.#trust?.approve(run);
    return { folder, settings: run.shown, wasApproved };
  }

  async #assertApproved<Checkpoint extends AnyCheckpoint, Event>(
    read: ReadRun<Checkpoint, Event>,
  ): Promise<void> {
    await this.#trust?.assertApproved(toApprove(read));
  }

  async owner(reference: string): Promise<RunOwner | null> {
    return await ownerOf((await this.#finder.find(reference)).folder);
  }

  async locate(reference: string, kind?: string | readonly string[]): Promise<RunPlace> {
    const { folder, entry } = await this.#finder.find(reference, kind);
    const found = (await readKind(join(folder, checkpointName))) ?? '';
    return { folder, kind: found, origin: originOf(entry) };
  }

  async list({ isEverywhere } = { isEverywhere: false }): Promise<readonly RunListing[]> {
    const runs = await (isEverywhere ? this.#finder.all() : this.#finder.here());
    return await Promise.all(runs.map(listingOf));
  }

  async remove(folder: string, output: RunOutput | null): Promise<RemovedRun> {
    const removed = await removeRun(folder, output);
    await this.forget(folder);
    return removed;
  }

  async forget(folder: string): Promise<void> {
    const entries = (await this.#index?.entries()) ?? [];
    for (const entry of entries) if (entry.folder === resolve(folder)) await this.#index?.forget(entry);
  }

  async #note(folder: string, checkpoint: AnyCheckpoint, id: string): Promise<void> {
    await this.#trust?.note({ folder, ids: [id], shown: shownOfRun(checkpoint) });
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
      return await this.#session(await read(), format, release);
    } catch (error) {
      await release();
      throw error;
    }
  }

  async #session<Checkpoint extends AnyCheckpoint, Event>(
    { run, journal: content, sha256 }: ReadRun<Checkpoint, Event>,
    format: RunFormat<Checkpoint, Event>,
    release: () => Promise<void>,
  ): Promise<RunSession<Checkpoint, Event>> {
    const journal = await JournalWriter.open(run.paths.journal, content, this.#clock);
    const { runId, folder, checkpoint } = run;
    let noted = Promise.resolve();
    return {
      ...run,
      append: (body) => {
        const settings = settingsInEvent(asRead(format, body));
        // Also what the user gives the run now, before the journal has it.
        if (settings !== null) noted = this.#note(folder, checkpoint, runApprovalId(runId, sha256, settings));
        return journal.append(body);
      },
      flush: async (isDurable) => {
        await noted;
        await journal.flush(isDurable);
      },
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
}

/** A run with what its journal continues from. */
interface ReadRun<Checkpoint extends AnyCheckpoint, Event> {
  readonly run: StoredRun<Checkpoint, Event>;
  readonly journal: JournalContent<Event>;
  /** Of its checkpoint. */
  readonly sha256: string;
}

/** A run with what an approval of it is kept by. */
function toApprove<Checkpoint extends AnyCheckpoint, Event>({
  run,
  journal,
  sha256,
}: ReadRun<Checkpoint, Event>): RunToApprove {
  const { folder, runId, checkpoint } = run;
  const { settings } = journal;
  const ids = [runApprovalId(runId, sha256, null)];
  if (settings !== null) ids.push(runApprovalId(runId, sha256, settings));
  return { folder, ids, shown: shownOfRun(checkpoint) };
}

/** An event as the journal gives it back. */
function asRead<Event>({ eventSchema }: { readonly eventSchema: ZodType<Event> }, body: Event): Event {
  return settingsInEvent(body) === null ? body : eventSchema.parse(JSON.parse(JSON.stringify(body)));
}

/** A text in pieces, whose hash is told before it ends. */
async function* hashed(
  chunks: Iterable<string>,
  onHash: (sha256: string) => Promise<void>,
): AsyncGenerator<string> {
  const hash = createHash('sha256');
  for (const chunk of chunks) {
    hash.update(chunk);
    yield chunk;
  }
  await onHash(hash.digest('hex'));
}

/** A run that has just been written. It may be too large to be there twice. */
function beginningOf<Checkpoint extends AnyCheckpoint, Event>(
  folder: string,
  checkpoint: Checkpoint,
  sha256: string,
): ReadRun<Checkpoint, Event> {
  const journal = { events: [], settings: null, wholeBytes: 0, isTorn: false };
  const paths = runPaths(folder);
  return {
    run: { runId: checkpoint.run_id, folder, checkpoint, events: [], isJournalTorn: false, paths },
    ...{ journal, sha256 },
  };
}

/** @param known - Its checkpoint, as it was read before: it is not read again while it is the same. */
async function readRun<Checkpoint extends AnyCheckpoint, Event>(
  folder: string,
  format: RunFormat<Checkpoint, Event>,
  known: CheckpointFile<Checkpoint> | null = null,
): Promise<ReadRun<Checkpoint, Event>> {
  const path = join(folder, checkpointName);
  const isKnown = known !== null && (await hasContent(path, known.sha256));
  const { checkpoint, sha256 } = isKnown ? known : await readCheckpoint(path, format);
  const paths = runPaths(folder);
  const journal = await readJournal(paths.journal, format.eventSchema);
  const { events, settings, isTorn: isJournalTorn } = journal;
  const run = { runId: checkpoint.run_id, folder, checkpoint: asOfNow(checkpoint, settings), events };
  return { run: { ...run, isJournalTorn, paths }, journal, sha256 };
}

async function findKept(path: string, sha256: string): Promise<KeptFile | null> {
  const file = await stat(path).catch(() => null);
  if (file === null || !(await hasContent(path, sha256))) return null;
  return { path, sizeBytes: file.size };
}

async function listingOf({ runId, folder, entry, isGone }: KnownRun): Promise<RunListing> {
  const kind = isGone ? entry?.kind : await readKind(join(folder, checkpointName));
  const owner = isGone ? null : await ownerOf(folder);
  const ownerPid = owner?.isHere ? owner.pid : null;
  const origin = originOf(entry);
  return { runId, folder, kind: kind ?? 'unknown', isLocked: owner !== null, ownerPid, isGone, origin };
}

function originOf(entry: IndexedRun | null): RunOrigin | null {
  return entry && { workingFolder: entry.workingFolder, configFile: entry.configFile };
}

async function ownerOf(folder: string): Promise<RunOwner | null> {
  const path = join(folder, runLockName);
  const owner = await readLockOwner(path);
  if (owner === null || !(await isOwnerAlive(owner))) return null;
  const [isHere, isProven] = [isOwnerHere(owner), await isOwnerProven(path, owner)];
  return { pid: owner.pid, machine: owner.host, isHere, isProven };
}
