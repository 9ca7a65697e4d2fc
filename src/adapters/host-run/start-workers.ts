import { AppError } from '../../errors/app-error.ts';
import type { RunWorker } from './run-workers.ts';

/**
 * Starts or adopts all workers of a run, side by side. One that cannot be started is left to be tried again later, as
 * long as another one runs.
 *
 * @throws What the first worker threw when none runs; any error that is not of one worker alone.
 */
export async function startWorkers(workers: readonly RunWorker[]): Promise<void> {
  const outcomes = await Promise.allSettled(workers.map((worker) => worker.ensureRunning()));
  const errors = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
  const systemic = errors.find((error) => !(error instanceof AppError) || error.code !== 'worker-failed');
  if (systemic !== undefined) throw systemic;
  if (errors.length > 0 && errors.length === workers.length) throw errors[0];
}
