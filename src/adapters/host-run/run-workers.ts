import { AppError } from '../../errors/app-error.ts';
import type { FileStore } from '../../ports/file-store.ts';
import { layout } from '../../protocol/layout.ts';
import { protocolVersion } from '../../protocol/version.ts';
import type { WorkerApi } from './worker-api.ts';

/** One worker of a run: a process on this machine, or a slot of a container on a host. */
export interface RunWorker {
  readonly workerId: number;
  readonly api: WorkerApi;
  /** For people: where its log can be read. */
  readonly logPlace: string;
  /**
   * Adopts the worker when it answers, else starts it; returns once it answers.
   *
   * @throws AppError `worker-failed` when this one cannot be started; other codes when none can.
   */
  ensureRunning(): Promise<{ readonly isStarted: boolean }>;
  /** Asks the worker to stop; what is in flight has `drainMs` to finish. */
  stop(drainMs: number): Promise<void>;
  /** Returns only when the worker is surely dead, so that its work can be given to others. */
  kill(): Promise<void>;
}

/**
 * Starts or adopts all workers of a run, side by side. A worker that cannot be started is tried again later, as long
 * as another one runs.
 *
 * @throws What the first worker threw when none runs; any error that is not of one worker alone.
 */
export async function startWorkers(workers: readonly RunWorker[]): Promise<void> {
  const errors = errorsOf(await Promise.allSettled(workers.map((worker) => worker.ensureRunning())));
  const systemic = errors.find((error) => !(error instanceof AppError) || error.code !== 'worker-failed');
  if (systemic !== undefined) throw systemic;
  if (errors.length > 0 && errors.length === workers.length) throw errors[0];
}

/**
 * Stops all workers, side by side: a worker that cannot be stopped does not keep the others running.
 *
 * @param drainMs - How long what is in flight may take to finish, in milliseconds.
 * @throws What the first of those threw.
 */
export async function stopWorkers(
  workers: readonly Pick<RunWorker, 'stop'>[],
  drainMs: number,
): Promise<void> {
  const errors = errorsOf(await Promise.allSettled(workers.map((worker) => worker.stop(drainMs))));
  if (errors.length > 0) throw errors[0];
}

/**
 * Notes on the disk that a worker of a run was stopped, so that a worker that is started again does not continue the run by itself.
 *
 * @param files - The run folder.
 */
export async function markStopped(files: FileStore, workerId: number): Promise<void> {
  // Without a manifest no worker opens the run. A run folder that the SSH user made would not be the worker's own, either.
  if ((await files.list(layout.manifests)).length === 0) return;
  await files.publish(layout.stopMark(workerId), `${JSON.stringify({ version: protocolVersion })}\n`);
}

/** Removes what was submitted to the workers of a run, all of which are stopped. @param files - The run folder. */
export async function withdrawManifests(files: FileStore): Promise<void> {
  for (const name of await files.list(layout.manifests)) await files.remove(`${layout.manifests}/${name}`);
}

function errorsOf(outcomes: readonly PromiseSettledResult<unknown>[]): unknown[] {
  return outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
}
