import { onAbort } from '../../async/abort.ts';
import { parseJsonAs } from '../../core/json.ts';
import { AppError, messageOf } from '../../errors/app-error.ts';
import { isPassing } from '../../errors/system-error.ts';
import type { Clock } from '../../ports/clock.ts';
import type { TakenJob } from '../../ports/job-queue.ts';
import type { SharedStore } from '../../ports/shared-store.ts';
import { layout } from '../../protocol/layout.ts';
import type { WorkBatch } from '../../protocol/manifest.ts';
import { jobFileSchema, mostKeysOfNews } from '../../protocol/queue.ts';
import { failedResult } from '../../protocol/task-result.ts';
import { type Admit, type SlotRun, UnableError, type Work } from './slot-run.ts';

/** How long tasks in flight may take when the worker itself is stopped, in milliseconds. */
const leaveDrainMs = 5_000;

export interface JobDeps {
  readonly machine: string;
  readonly store: SharedStore;
  readonly clock: Clock;
  /** Opens the run in the slot that does the job, unless it is open there. */
  openRun(runId: string): Promise<SlotRun>;
  /** Ends the run in that slot. */
  closeRun(): Promise<void>;
  readonly admit: Admit;
  /** What keeps a job waiting for now; null when it continues. */
  noteProblem(job: TakenJob, problem: Error | null): void;
  /** Work of the job's run failed here, and another worker may do better. */
  isForOthers(job: TakenJob): Promise<boolean>;
  /** Work of the job's run failed here. */
  noteUnable(job: TakenJob): Promise<void>;
  /** Aborts when the worker is to leave. */
  readonly leave: AbortSignal;
  log(line: string): void;
}

/**
 * Does one job, and says what became of it. A job that was done already, or whose run is stopped, costs a look.
 *
 * @returns whether this machine leaves the job's run to others: it is refused, or it failed.
 */
export async function doJob(job: TakenJob, deps: JobDeps): Promise<{ readonly isRefused: boolean }> {
  const { runId, jobId } = job;
  const work = jobId === null ? null : await readWork(runId, jobId, deps.store);
  let isRefused = false;
  if (work === null || job.cancelled.aborted) await job.done();
  else if (await deps.isForOthers(job)) {
    await job.giveBack();
    isRefused = true;
  } else isRefused = await tryWork(job, work, deps);
  return { isRefused };
}

/** Resolves to whether this machine is refused. */
async function tryWork(job: TakenJob, work: Work, deps: JobDeps): Promise<boolean> {
  try {
    return await carryOutWork(job, work, deps);
  } catch (error) {
    await deps.closeRun().catch(() => undefined);
    if (job.lost.aborted) return false;
    if (job.cancelled.aborted) await job.done();
    else if (deps.leave.aborted) await job.giveBack();
    else if (isPassing(error) || !(error instanceof UnableError || error instanceof AppError)) throw error;
    else {
      await noteFailure(job, work, error, deps);
      await deps.noteUnable(job);
    }
    return false;
  }
}

/** Null when there is nothing to do: all of it is done, withdrawn or stopped. */
async function readWork(runId: string, jobId: string, { files, name }: SharedStore): Promise<Work | null> {
  const run = layout.run(runId);
  const bytes = await files.read(`${run}/${layout.job(jobId)}`);
  const file = bytes && parseJsonAs(jobFileSchema, bytes);
  if ((await files.read(`${run}/${layout.cancelMark}`)) !== null) return null;
  if (!bytes && (await files.list(`${run}/${layout.jobs}`)).length === 0) throw storeLost(runId, name);
  if (!file) return null;
  const [batch] = file.batches;
  if (!batch) return null;
  const tasks: WorkBatch['tasks'][number][] = [];
  for (const task of batch.tasks)
    if ((await files.read(`${run}/${layout.result(task.task_key)}`)) === null) tasks.push(task);
  return tasks.length === 0 ? null : { batch: { ...batch, tasks }, engine: file.engine };
}

async function carryOutWork(job: TakenJob, { batch, engine }: Work, deps: JobDeps): Promise<boolean> {
  const { leave, log } = deps;
  const stop = new AbortController();
  const stopListening = [job.cancelled, job.lost, leave].map((signal) =>
    onAbort(signal, (reason) => stop.abort(reason)),
  );
  const drainMs = () =>
    job.lost.aborted ? 0 : job.cancelled.aborted ? Number(job.cancelled.reason) : leaveDrainMs;
  log(`${job.runId}: ${batch.tasks.length} tasks of batch ${batch.batch_id}`);
  try {
    const run = await deps.openRun(job.runId);
    const refusal = await run.refusal({ batch, engine }, deps.admit, stop.signal);
    const { machine } = deps;
    if (refusal !== null) {
      log(`${job.runId}: not admitted: ${refusal}`);
      job.emit({ type: 'refused', machine, message: refusal });
      await job.giveBack();
      return true;
    }
    const keys = batch.tasks.map(({ task_key: key }) => key);
    for (let at = 0; at < keys.length; at += mostKeysOfNews)
      job.emit({ type: 'assigned', machine, keys: keys.slice(at, at + mostKeysOfNews) });
    const isDone = await run.work(batch, engine, job, stop.signal, drainMs);
    if (!isDone) await deps.closeRun();
    if (isDone || (job.cancelled.aborted && !job.lost.aborted)) await job.done();
    else if (job.lost.aborted) log(`${job.runId}: another worker has the job now`);
    else await job.giveBack();
    return false;
  } finally {
    for (const stopListeningTo of stopListening) stopListeningTo();
  }
}

/** A store that is not mounted looks like an empty folder. */
function storeLost(runId: string, name: string): AppError {
  return new AppError({
    code: 'host-unreachable',
    message: `The store ${name} has nothing of run ${runId}: is it mounted here, and is it the store that the others use?`,
    nextStep: 'Mount it: the work resumes by itself.',
    isRetryable: true,
  });
}

/** The last failure is the tasks' result: the run ends with it, and everything else of it is kept. */
async function noteFailure(
  job: TakenJob,
  { batch }: Work,
  error: UnableError | AppError,
  { store, clock, machine, log }: JobDeps,
): Promise<void> {
  const message = `${machine}: ${messageOf(error)}`;
  log(`${job.runId}: ${messageOf(error)}`);
  job.emit({ type: 'refused', machine, message: messageOf(error) });
  if (job.isLastAttempt) {
    const code = error instanceof UnableError ? (error.code ?? undefined) : undefined;
    for (const { task_key: key } of batch.tasks) {
      const failed = JSON.stringify(failedResult(key, message, clock.now(), code));
      await store.files.publishOnce(`${layout.run(job.runId)}/${layout.result(key)}`, failed, () => true);
    }
  }
  await job.fail(message);
}
