import type { TaskCounts } from '../../core/run/run-state.ts';
import { AppError } from '../../errors/app-error.ts';
import type { Ports } from '../../ports/ports.ts';
import type { RunListing } from '../../ports/run-store.ts';
import { readRun } from './read-run.ts';
import type { RunKinds } from './run-kind.ts';

/** One run, as `cosmos runs` shows it. JSON, so snake_case. */
export interface RunRow {
  readonly run_id: string;
  readonly kind: string;
  readonly status: 'running' | 'unfinished' | 'complete' | 'partial' | 'detached' | 'failed' | 'damaged';
  readonly created_at: string | null;
  /** What is worked on: a video, or the first of the folders and files of specs. */
  readonly input: string | null;
  readonly host: string | null;
  readonly engine: string | null;
  /** As the kind counts them. */
  readonly counts: object | null;
  readonly tasks: TaskCounts | null;
  readonly folder: string;
  /** Why it is `damaged`. */
  readonly message: string | null;
}

/** All runs of the checkpoint folder, newest first. A damaged one is listed as such. */
export async function listRuns(kinds: RunKinds, ports: Pick<Ports, 'runs'>): Promise<RunRow[]> {
  const rows: RunRow[] = [];
  for (const listing of await ports.runs.list()) rows.push(await rowOf(listing, kinds, ports));
  return rows;
}

async function rowOf(
  { runId, kind: name, folder, isLocked }: RunListing,
  kinds: RunKinds,
  ports: Pick<Ports, 'runs'>,
): Promise<RunRow> {
  const known = { run_id: runId, kind: name, folder };
  try {
    const { kind, run, state } = await readRun(folder, kinds, ports);
    const { input, host, engine } = kind.facts(run.checkpoint);
    const standing = state.lastStatus === 'detached' || state.isEnded ? state.standingStatus : 'unfinished';
    return {
      ...known,
      status: isLocked ? 'running' : standing,
      created_at: run.checkpoint.created_at,
      input,
      host,
      engine,
      counts: state.counts,
      tasks: state.taskCounts,
      message: null,
    };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const nothing = { created_at: null, input: null, host: null, engine: null, counts: null, tasks: null };
    return { ...known, status: 'damaged', ...nothing, message: error.message };
  }
}
