import type { UpsampleCounts } from '../../core/upsample/upsample-event.ts';
import type { UpscaleCounts } from '../../core/upscale/upscale-event.ts';
import { AppError } from '../../errors/app-error.ts';
import type { Ports } from '../../ports/ports.ts';
import type { RunKind, RunListing } from '../../ports/run-store.ts';
import { readAnyRun } from './read-run.ts';

/** One run, as `cosmos runs` shows it. JSON, so snake_case. */
export interface RunRow {
  readonly run_id: string;
  readonly kind: RunKind;
  readonly status: 'running' | 'unfinished' | 'complete' | 'partial' | 'detached' | 'failed' | 'damaged';
  readonly created_at: string | null;
  /** What is worked on: a video, or the first of the folders and files of specs. */
  readonly input: string | null;
  readonly host: string | null;
  readonly engine: string | null;
  readonly counts: UpsampleCounts | UpscaleCounts | null;
  readonly folder: string;
  /** Why it is `damaged`. */
  readonly message: string | null;
}

type Stores = Pick<Ports, 'runs' | 'upscaleRuns'>;

/** All runs of the checkpoint folder, newest first. A damaged one is listed as such. */
export async function listRuns(ports: Stores): Promise<RunRow[]> {
  const rows: RunRow[] = [];
  for (const listing of await ports.runs.list()) rows.push(await rowOf(listing, ports));
  return rows;
}

async function rowOf({ runId, kind, folder, isLocked }: RunListing, ports: Stores): Promise<RunRow> {
  const known = { run_id: runId, kind, folder };
  try {
    const run = await readAnyRun(folder, ports);
    const left = run.lastStatus === 'detached' ? 'detached' : run.endStatus;
    return {
      ...known,
      status: isLocked ? 'running' : left,
      created_at: run.createdAt,
      input: run.input,
      host: run.host,
      engine: run.engine,
      counts: run.counts,
      message: null,
    };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const nothing = { created_at: null, input: null, host: null, engine: null, counts: null };
    return { ...known, status: 'damaged', ...nothing, message: error.message };
  }
}
