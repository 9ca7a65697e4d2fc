import { basename } from 'node:path';
import { idsMatching } from '../../core/run/run-reference.ts';
import { workOnHost } from '../../core/run/work-on-host.ts';
import { AppError, usageError } from '../../errors/app-error.ts';
import type { Ports } from '../../ports/ports.ts';
import { listAllRuns, type RunRow } from './list-runs.ts';
import { type AnyRun, readRun } from './read-run.ts';
import type { RunKinds } from './run-kind.ts';

type RunsPort = Pick<Ports, 'runs'>;

/** A run that may be removed. */
export type RemovableRun = Pick<RunRow, 'run_id' | 'status' | 'host' | 'input' | 'folder'>;

/** What `runs rm` and `runs prune` did. JSON, so snake_case. */
export interface RemovalDocument {
  readonly version: 1;
  /** Whether anything was to be removed; else this is only a listing. */
  readonly is_confirmed: boolean;
  readonly listed: readonly RemovableRun[];
  readonly removed: readonly {
    readonly run_id: string;
    /** What is gone now: the run folder, and the unfinished video beside the output where there was one. */
    readonly paths: readonly string[];
    readonly size_bytes: number;
  }[];
}

/**
 * The runs that these references stand for, each once.
 *
 * @param isForced - Takes runs too whose results are not all here, and those that cannot be read.
 * @throws AppError `run-not-found`, `run-ambiguous`; `run-locked` for a run that a process works on; `usage-invalid` for one that
 * still expects results, or is damaged.
 */
export async function findRemovable(
  references: readonly string[],
  isForced: boolean,
  kinds: RunKinds,
  ports: RunsPort,
): Promise<readonly RemovableRun[]> {
  const found = new Map<string, RemovableRun>();
  for (const reference of references) {
    const run = await removableRun(reference, isForced, kinds, ports);
    found.set(run.folder, run);
  }
  return [...found.values()];
}

/** Runs that came to their end longer ago than `keepMs`, with or without failures, and those whose folder is gone. */
export async function findOldRuns(
  keepMs: number,
  kinds: RunKinds,
  ports: RunsPort & Pick<Ports, 'clock'>,
): Promise<readonly RemovableRun[]> {
  const rows = await listAllRuns(kinds, ports);
  const isOld = ({ updated_at: time }: RunRow) =>
    time !== null && Date.parse(time) + keepMs <= ports.clock.now();
  const isFinished = ({ status }: RunRow) => ['complete', 'partial', 'failed'].includes(status);
  return rows.filter((row) => row.status === 'gone' || (isFinished(row) && isOld(row))).map(removableOf);
}

/** Removes runs for good, once that is agreed to. @param confirm - Sees them, and says whether to remove them. */
export async function removeRuns(
  listed: readonly RemovableRun[],
  kinds: RunKinds,
  ports: RunsPort,
  confirm: (listed: readonly RemovableRun[]) => Promise<boolean>,
): Promise<RemovalDocument> {
  const isConfirmed = listed.length > 0 && (await confirm(listed));
  const removed = [];
  for (const run of isConfirmed ? listed : []) removed.push(await removeOne(run, kinds, ports));
  return { version: 1, is_confirmed: isConfirmed, listed, removed };
}

async function removeOne({ run_id: runId, folder, status }: RemovableRun, kinds: RunKinds, ports: RunsPort) {
  if (status === 'gone') {
    await ports.runs.forget(folder);
    return { run_id: runId, paths: [], size_bytes: 0 };
  }
  const read = await readRun(folder, kinds, ports).catch(ifDamaged);
  const output = read?.kind.format.outputOf(read.run.checkpoint) ?? null;
  const { paths, sizeBytes } = await ports.runs.remove(folder, output);
  return { run_id: runId, paths, size_bytes: sizeBytes };
}

async function removableRun(
  reference: string,
  isForced: boolean,
  kinds: RunKinds,
  ports: RunsPort,
): Promise<RemovableRun> {
  const place = await ports.runs.locate(reference).catch(async (error: unknown) => {
    const gone = await goneRun(reference, ports);
    if (gone) return gone;
    throw error;
  });
  if ('status' in place) return place;
  const { folder } = place;
  const owner = await ports.runs.owner(folder);
  const read = await readRun(folder, kinds, ports).catch(ifDamaged);
  const runId = read?.run.runId ?? basename(folder);
  if (owner !== null)
    throw new AppError({
      code: 'run-locked',
      message: `Process ${owner.pid} on ${owner.machine} works on run ${runId}. Nothing was removed.`,
      nextStep: `Stop it first: cosmos cancel ${runId}`,
    });
  if (read !== null) return readableRun(read, isForced);
  if (isForced) return { run_id: basename(folder), status: 'damaged', host: null, input: null, folder };
  throw usageError(
    `${folder} holds a run that cannot be read. Nothing was removed.`,
    'Look into the folder yourself, or add --force.',
  );
}

/** @throws AppError `usage-invalid` for a run that still expects results, or whose folder is not its own. */
function readableRun({ kind, run, state }: AnyRun, isForced: boolean): RemovableRun {
  const { runId, folder } = run;
  // A folder that a person named may hold more than the run.
  if (basename(folder) !== runId)
    throw usageError(
      `${folder} is not named after its run, ${runId}, and may hold other things. Nothing was removed.`,
      'Delete what you do not need in it yourself.',
    );
  const { openTasks } = workOnHost(run.events, (event) => kind.isAnswerFromHost(event));
  const { host, input } = kind.facts(run.checkpoint);
  const open = Math.min(openTasks, state.pendingCount);
  if (open > 0 && !isForced)
    throw usageError(
      `Run ${runId} has ${open} ${kind.taskNoun} on ${host} whose results are not here yet. Nothing was removed.`,
      `Bring them home with: cosmos attach ${runId}; or add --force to do without them.`,
    );
  return { run_id: runId, status: state.standing, host, input, folder };
}

/** A run that is known by its id, while its folder is gone. */
async function goneRun(reference: string, { runs }: RunsPort): Promise<RemovableRun | null> {
  const gone = (await runs.list({ isEverywhere: true })).filter(({ isGone }) => isGone);
  const ids = idsMatching(
    reference,
    gone.map(({ runId }) => runId),
  );
  const [only] = gone.filter(({ runId }) => runId === ids[0]);
  if (only === undefined || ids.length > 1) return null;
  return { run_id: only.runId, status: 'gone', host: null, input: null, folder: only.folder };
}

function removableOf({ run_id, status, host, input, folder }: RunRow): RemovableRun {
  return { run_id, status, host, input, folder };
}

function ifDamaged(error: unknown): null {
  if (error instanceof AppError) return null;
  throw error;
}
