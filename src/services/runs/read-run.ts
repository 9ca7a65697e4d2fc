import { type TaskCounts, taskCountsOf } from '../../core/run/task-counts.ts';
import type { RunStatus, UpsampleCounts } from '../../core/upsample/upsample-event.ts';
import { endStatusOf } from '../../core/upsample/upsample-summary.ts';
import type { UpscaleCounts } from '../../core/upscale/upscale-event.ts';
import type { WorkerNeeds } from '../../ports/host.ts';
import type { Ports } from '../../ports/ports.ts';
import type { RunKind } from '../../ports/run-store.ts';
import { stateOf } from '../upsample/resume-run.ts';
import { upscaleStateOf } from '../upscale/resume-upscale.ts';
import { needsOf } from '../upscale/segment-tasks.ts';

/** What runs of all kinds have. */
export interface AnyRun {
  readonly kind: RunKind;
  readonly runId: string;
  readonly folder: string;
  readonly createdAt: string;
  /** What is worked on: the video, or the first of the folders and files of specs. Absolute. */
  readonly input: string;
  readonly host: string;
  readonly workers: number;
  readonly needs: WorkerNeeds;
  readonly engine: string;
  readonly counts: UpsampleCounts | UpscaleCounts;
  readonly tally: TaskCounts;
  /** Something remains that another sitting would do. */
  readonly isUnfinished: boolean;
  /** How the last sitting ended; null while one goes on or was killed. */
  readonly lastStatus: RunStatus | null;
  /** The status of a run that nobody works on. */
  readonly endStatus: RunStatus | 'unfinished';
}

/**
 * Reads a run without taking its lock.
 *
 * @param reference - A path, a run id or `latest`.
 * @throws AppError as `RunStore.read`.
 */
export async function readAnyRun(
  reference: string,
  ports: Pick<Ports, 'runs' | 'upscaleRuns'>,
): Promise<AnyRun> {
  const { folder, kind } = await ports.runs.locate(reference);
  return kind === 'upscale' ? await readUpscale(folder, ports) : await readUpsample(folder, ports);
}

async function readUpsample(folder: string, { runs }: Pick<Ports, 'runs'>): Promise<AnyRun> {
  const run = await runs.read(folder);
  const state = stateOf(run);
  const { settings, created_at: createdAt } = run.checkpoint;
  const { host, workers, engine } = settings;
  const isUnfinished = state.pendingCount > 0;
  return {
    ...{ kind: 'upsample', runId: run.runId, folder: run.folder, createdAt, host, workers },
    needs: (engine.command?.length ?? 0) > 0 ? 'model-server' : 'nothing',
    input: run.checkpoint.inputs[0] ?? run.checkpoint.input_root,
    engine: engine.kind,
    counts: state.counts,
    tally: taskCountsOf(state.counts),
    isUnfinished,
    lastStatus: state.lastStatus,
    endStatus: isUnfinished ? 'unfinished' : endStatusOf(state.counts),
  };
}

async function readUpscale(folder: string, { upscaleRuns }: Pick<Ports, 'upscaleRuns'>): Promise<AnyRun> {
  const run = await upscaleRuns.read(folder);
  const state = upscaleStateOf(run);
  const { settings, created_at: createdAt } = run.checkpoint;
  const { host, slots: workers, engine } = settings;
  const isComplete = state.video !== null;
  const isPartial = state.pendingCount === 0 && state.counts.failed_segments > 0;
  return {
    ...{ kind: 'upscale', runId: run.runId, folder: run.folder, createdAt, host, workers },
    needs: needsOf(engine),
    input: run.checkpoint.source.path,
    engine: engine.kind,
    counts: state.counts,
    tally: taskCountsOf(state.counts),
    isUnfinished: !isComplete && !isPartial,
    lastStatus: state.lastStatus,
    endStatus: isComplete ? 'complete' : isPartial ? 'partial' : 'unfinished',
  };
}
