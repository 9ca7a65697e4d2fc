import { type RunEnding, runEndingOf } from '../../core/run/run-ending.ts';
import type { TaskCounts } from '../../core/run/run-state.ts';
import { standingStatuses } from '../../core/run/run-status.ts';
import { AppError, messageOf } from '../../errors/app-error.ts';
import type { HostRunFacts } from '../../ports/host.ts';
import type { Ports } from '../../ports/ports.ts';
import type { RunListing, RunOrigin } from '../../ports/run-store.ts';
import { readRun } from './read-run.ts';
import type { RunKinds } from './run-kind.ts';

/** How runs stand, in the words of `cosmos runs`. */
export const listedStatuses = [...standingStatuses, 'damaged', 'gone'] as const;
export type ListedStatus = (typeof listedStatuses)[number];

/** One run, as `cosmos runs` shows it. JSON, so snake_case. */
export interface RunRow {
  readonly run_id: string;
  readonly kind: string;
  /** `gone`: its folder no longer is where it was. */
  readonly status: ListedStatus;
  readonly created_at: string | null;
  /** When something last happened in it. */
  readonly updated_at: string | null;
  /** What is worked on: a video, or the first of the folders and files of specs. */
  readonly input: string | null;
  readonly host: string | null;
  readonly engine: string | null;
  /** As the kind counts them. */
  readonly counts: object | null;
  readonly tasks: TaskCounts | null;
  readonly folder: string;
  /** Why it is not at work; null for one that is, or is complete. */
  readonly ending: RunEnding | null;
  /** Why it is `damaged` or `gone`. */
  readonly message: string | null;
}

/** Which runs are listed. */
export interface RunsQuery {
  /** Only those of the checkpoint folder. */
  readonly isHere: boolean;
  /** Only those that stand so; empty for all. */
  readonly statuses: readonly ListedStatus[];
  /** How many at most. */
  readonly limit: number;
}

/** Runs, newest first, and how many more there are that were not looked at. */
export interface RunsListing {
  readonly rows: readonly RunRow[];
  /** Ids of all runs, those that are not listed too. */
  readonly runIds: readonly string[];
  readonly more: number;
  /** Where those of `rows` were started, by their folder, as far as it is known. */
  readonly origins: ReadonlyMap<string, RunOrigin>;
}

/** The runs of this user, newest first. A damaged one is listed as such. */
export async function listRuns(
  { isHere, statuses, limit }: RunsQuery,
  kinds: RunKinds,
  ports: Pick<Ports, 'runs'>,
): Promise<RunsListing> {
  const all = await ports.runs.list({ isEverywhere: true });
  const listed = isHere ? await ports.runs.list() : all;
  const rows: RunRow[] = [];
  const origins = new Map<string, RunOrigin>();
  let read = 0;
  for (const listing of listed) {
    if (rows.length >= limit) break;
    read += 1;
    const row = await rowOf(listing, kinds, ports);
    if (statuses.length > 0 && !statuses.includes(row.status)) continue;
    rows.push(row);
    if (listing.origin) origins.set(row.folder, listing.origin);
  }
  return { rows, runIds: all.map(({ runId }) => runId), more: listed.length - read, origins };
}

/** All runs that this user has anywhere. */
export async function listAllRuns(kinds: RunKinds, ports: Pick<Ports, 'runs'>): Promise<readonly RunRow[]> {
  const all = { isHere: false, statuses: [], limit: Number.POSITIVE_INFINITY };
  return (await listRuns(all, kinds, ports)).rows;
}

async function rowOf(
  { runId, kind: name, folder, isLocked, isGone }: RunListing,
  kinds: RunKinds,
  ports: Pick<Ports, 'runs'>,
): Promise<RunRow> {
  const known = { run_id: runId, kind: name, folder };
  const nothing = {
    ...{ ending: null, created_at: null, updated_at: null, input: null, host: null, engine: null },
    ...{ counts: null, tasks: null },
  };
  if (isGone) return { ...known, status: 'gone', ...nothing, message: `${folder} is gone.` };
  try {
    const { kind, run, state } = await readRun(folder, kinds, ports);
    const { input, host, engine } = kind.facts(run.checkpoint);
    state.isAtWork = isLocked;
    return {
      ...known,
      status: state.standing,
      created_at: run.checkpoint.created_at,
      updated_at: state.lastTime ?? run.checkpoint.created_at,
      input,
      host,
      engine,
      counts: state.counts,
      tasks: state.taskCounts,
      ending: runEndingOf(state, { runId, host, taskNoun: kind.taskNoun }),
      message: null,
    };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { ...known, status: 'damaged', ...nothing, message: error.message };
  }
}

import pMap from 'p-map';

/** How long one host has to answer for all its runs, in milliseconds. */
const hostDeadlineMs = 15_000;

/** Runs of one host that are asked for at once. */
const runsAtOnce = 8;

/** What a host says of a run. JSON, so snake_case. */
export interface RunOnHost {
  /** `unreachable`: the host did not answer; its work may still be running. */
  readonly state: HostRunFacts['state'] | 'unreachable';
  readonly finished_tasks: number | null;
  readonly total_tasks: number | null;
  /** Why the host could not be asked. */
  readonly message: string | null;
}

/** A run with what its host says of it; null for a damaged one, whose host is not known. */
export interface CheckedRunRow extends RunRow {
  readonly on_host: RunOnHost | null;
}

/**
 * Asks the hosts of these runs, all hosts at once and each over one connection. A host that does not answer within
 * 15 s is marked as unreachable; nothing is thrown for it.
 *
 * @param hostsFor - The hosts of the settings that hold for a run.
 */
export async function lookUpRuns(
  rows: readonly RunRow[],
  { host: usual, clock }: Pick<Ports, 'host' | 'clock'>,
  hostsFor: (run: RunRow) => Ports['host'] = () => usual,
): Promise<CheckedRunRow[]> {
  const found = new Map<string, RunOnHost>();
  const asked = [...Map.groupBy(rows, hostsFor)].flatMap(([host, runs]) =>
    [...Map.groupBy(runs, (run) => run.host)].map(
      ([name, ofHost]) => name !== null && askHost(name, ofHost, { host, clock }, found),
    ),
  );
  await Promise.all(asked);
  return rows.map((row) => ({ ...row, on_host: found.get(row.run_id) ?? null }));
}

async function askHost(
  name: string,
  runs: readonly RunRow[],
  ports: Pick<Ports, 'host' | 'clock'>,
  found: Map<string, RunOnHost>,
): Promise<void> {
  const stop = new AbortController();
  const timeout = ports.clock.sleep(hostDeadlineMs, stop.signal).then(
    () => `no answer within ${hostDeadlineMs / 1000} s`,
    () => null,
  );
  const asked = askAll(name, runs, ports, (runId, said) => {
    if (!stop.signal.aborted) found.set(runId, said);
  }).then(() => null, reasonOf);
  const reason = await Promise.race([asked, timeout]);
  stop.abort();
  if (reason === null) return;
  const unreachable = {
    state: 'unreachable',
    finished_tasks: null,
    total_tasks: null,
    message: reason,
  } as const;
  for (const { run_id: runId } of runs) if (!found.has(runId)) found.set(runId, unreachable);
}

async function askAll(
  name: string,
  runs: readonly RunRow[],
  ports: Pick<Ports, 'host'>,
  onFound: (runId: string, said: RunOnHost) => void,
): Promise<void> {
  const host = ports.host(name);
  const query = async ({ run_id: runId }: RunRow) => {
    const { state, finishedTasks, totalTasks } = await host.lookUp(runId);
    onFound(runId, { state, finished_tasks: finishedTasks, total_tasks: totalTasks, message: null });
  };
  try {
    await pMap(runs, query, { concurrency: runsAtOnce });
  } finally {
    await host.close();
  }
}

/** A host that is no longer in the settings, or refuses the key, cannot be asked either. Bugs are thrown. */
function reasonOf(error: unknown): string {
  if (error instanceof AppError) return messageOf(error);
  throw error;
}
