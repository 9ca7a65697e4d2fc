import { endStatusOf } from '../core/report/run-summary.ts';
import type { RunCounts } from '../core/run/run-event.ts';
import { AppError } from '../errors/app-error.ts';
import type { Ports } from '../ports/ports.ts';
import type { RunListing } from '../ports/run-store.ts';
import { stateOf } from './resume-run.ts';

/** One run, as `cosmos runs` shows it. JSON, so snake_case. */
export interface RunRow {
  readonly run_id: string;
  readonly status: 'running' | 'unfinished' | 'complete' | 'partial' | 'detached' | 'failed' | 'damaged';
  readonly created_at: string | null;
  readonly host: string | null;
  readonly engine: string | null;
  readonly counts: RunCounts | null;
  readonly folder: string;
  /** Why it is `damaged`. */
  readonly message: string | null;
}

/** All runs of the checkpoint folder, newest first. A damaged one is listed as such. */
export async function listRuns(ports: Pick<Ports, 'runs'>): Promise<RunRow[]> {
  const rows: RunRow[] = [];
  for (const listing of await ports.runs.list()) rows.push(await rowOf(listing, ports));
  return rows;
}

async function rowOf(listing: RunListing, ports: Pick<Ports, 'runs'>): Promise<RunRow> {
  const known = { run_id: listing.runId, folder: listing.folder };
  try {
    const run = await ports.runs.read(listing.folder);
    const state = stateOf(run);
    const { settings, created_at } = run.checkpoint;
    const ended = state.pendingCount === 0 ? endStatusOf(state.counts) : 'unfinished';
    const left = state.lastStatus === 'detached' ? 'detached' : ended;
    return {
      ...known,
      status: listing.isLocked ? 'running' : left,
      created_at,
      host: settings.host,
      engine: settings.engine.kind,
      counts: state.counts,
      message: null,
    };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const nothing = { created_at: null, host: null, engine: null, counts: null };
    return { ...known, status: 'damaged', ...nothing, message: error.message };
  }
}
