import { pMapIterable } from 'p-map';
import { BackgroundWork } from '../../async/limits.ts';
import type { HostObject } from '../../ports/host.ts';
import type { TaskResult } from '../../protocol/task-result.ts';
import type { HostSession } from './host-session.ts';
import type { RunTypes, RunWork } from './run-kind.ts';
import type { SessionDeps, TaskResults } from './task-results.ts';

/**
 * Tasks whose results are waited for at once: more than an engine does in many minutes, and few enough that a million specs take no
 * more memory than these, neither here nor in the worker.
 */
const usualMostWaiting = 20_000;

/** Tasks that are looked up on the host at once. */
const queriesAtOnce = 32;

interface SubmitDeps<K extends RunTypes> extends SessionDeps<K> {
  readonly results: TaskResults<K>;
  readonly host: HostSession<K>;
}

/**
 * Prepares every task without an outcome, batch by batch, and submits each batch as soon as it is whole; until the engine
 * has all it can work on at once, also parts of one.
 */
export async function submitTasks<K extends RunTypes>(deps: SubmitDeps<K>): Promise<void> {
  const { run, work, results, host } = deps;
  // Many are queried at once, because a far host takes a while.
  const queried = pMapIterable(
    work.tasks(),
    async (prepared) => ({
      prepared,
      finished: prepared.isReady ? await host.finished(prepared.task) : null,
    }),
    { concurrency: queriesAtOnce, backpressure: queriesAtOnce },
  );
  const submitting = new BackgroundWork(Math.max(work.batchesInFlight, host.submitsAtOnce), deps.onError);
  let freePlaces = work.tasksInFlight;
  // A process that will not wait for results hands all of the work over.
  const mostWaiting =
    run.isDetached && !work.isAwaited
      ? Number.POSITIVE_INFINITY
      : Math.max(usualMostWaiting, 4 * work.tasksInFlight);
  let batch: K['task'][] = [];
  const send = async () => {
    submitting.add(submitBatch(batch, deps));
    batch = [];
    await submitting.room();
    await results.room(mostWaiting, [run.signal, ...(run.leave ? [run.leave] : [])]);
  };
  try {
    for await (const { prepared, finished } of queried) {
      run.signal.throwIfAborted();
      const batchId = prepared.isReady ? prepared.task.batchId : prepared.batchId;
      if (batch[0] !== undefined && batch[0].batchId !== batchId) await send();
      if (!prepared.isReady) await results.record(prepared.outcome);
      else if (await isToBeSubmitted(prepared.task, finished, deps)) {
        // The host starts while the rest of the first batch is prepared.
        host.openSoon();
        batch.push(prepared.task);
        if (freePlaces > 0 && host.isOpen) {
          freePlaces -= batch.length;
          await send();
        }
      }
    }
    if (batch.length > 0) await send();
  } finally {
    // Also after an error: nothing may be on its way when the run is closed.
    await submitting.ended();
  }
}

/** Submits a task again whose result is lost; nothing else may answer it. */
export async function submitAgain<K extends RunTypes>(
  task: K['task'],
  { work, results, host }: Pick<SubmitDeps<K>, 'work' | 'results' | 'host'>,
): Promise<void> {
  host.noteLost(task.taskKey);
  results.expect(task);
  const batch = { batch_id: task.batchId, tasks: [work.manifestTask(task)] };
  await host.submit(batch, objectsOf([task], work));
}

/** Submits those tasks of a batch that nothing else has answered. */
async function submitBatch<K extends RunTypes>(
  batch: readonly K['task'][],
  deps: SubmitDeps<K>,
): Promise<void> {
  const { run, work, recorder, host } = deps;
  await host.open();
  const open: K['task'][] = [];
  for (const task of batch) if (await isUnanswered(task, deps)) open.push(task);
  const [first] = open;
  if (!first) return;
  const { batchId } = first;
  const tasks = open.map((task) => work.manifestTask(task));
  const workerId = await host.submit({ batch_id: batchId, tasks }, objectsOf(open, work));
  recorder.emit({ type: 'batch-submitted', batch_id: batchId, worker_id: workerId, tasks: tasks.length });
  await run.session.flush(false);
}

/** Records that a task is ready; false when the cache, the host or another task answers it. */
async function isToBeSubmitted<K extends RunTypes>(
  task: K['task'],
  finished: TaskResult | null,
  deps: SubmitDeps<K>,
): Promise<boolean> {
  const { work, recorder, results } = deps;
  const event = work.preparedEvent?.(task);
  if (event) recorder.emit(event);
  if (!results.expect(task)) return false;
  if (finished) await results.accept(finished, false, await deps.host.open());
  // A result that came before the task was expected was dropped, so the host is asked once more.
  if (!(await isUnanswered(task, deps))) return false;
  const cached = await work.cachedResult?.(task);
  if (cached) await results.accept(cached, true, null);
  return results.isExpected(task.taskKey);
}

/** Asks the host, which does not announce tasks that were finished before they are submitted. */
async function isUnanswered<K extends RunTypes>(
  task: K['task'],
  { results, host }: SubmitDeps<K>,
): Promise<boolean> {
  const finished = results.isExpected(task.taskKey) ? await host.finished(task) : null;
  if (finished) await results.accept(finished, false, await host.open());
  return results.isExpected(task.taskKey);
}

function objectsOf<K extends RunTypes>(tasks: readonly K['task'][], work: RunWork<K>): HostObject[] {
  const objects = tasks.flatMap((task) => work.objectsOf(task));
  return [...new Map(objects.map((object) => [object.sha256, object])).values()];
}
