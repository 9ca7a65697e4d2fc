import { pMapIterable } from 'p-map';
import type { RunState, SpecState } from '../../core/run/run-state.ts';
import type { Ports } from '../../ports/ports.ts';
import type { RunSession } from '../../ports/run-store.ts';
import type { ManifestTask } from '../../protocol/manifest.ts';
import type { TaskResult } from '../../protocol/task-result.ts';
import type { Answers } from './answers.ts';
import { failedOutcome } from './finish-task.ts';
import type { HostLink } from './host-link.ts';
import { type Preparation, type PreparedTask, prepareTask } from './prepare-task.ts';
import type { RunLedger } from './run-ledger.ts';

/** Specs that are prepared ahead of the batch that is being handed over. */
const preparedAhead = 256;

/** What handing over works with. */
export interface HandOverParts {
  readonly session: RunSession;
  readonly state: RunState;
  readonly ports: Pick<Ports, 'specs' | 'media' | 'results' | 'parallelism'>;
  readonly ledger: RunLedger;
  readonly answers: Answers;
  readonly host: HostLink;
  readonly signal: AbortSignal;
}

/** Prepares every spec without an outcome, batch by batch, and hands each batch over as soon as it is whole. */
export async function handOver(parts: HandOverParts): Promise<void> {
  const { session, state, ports, signal } = parts;
  const pending = session.checkpoint.batches.flatMap((batch) =>
    batch.specs.flatMap((spec) => (state.isSettled(spec) ? [] : (state.specs.get(spec) ?? []))),
  );
  const prepared = pMapIterable(pending, (spec: SpecState) => prepareTask(spec, { session, ports, signal }), {
    concurrency: ports.parallelism,
    backpressure: preparedAhead,
  });
  let batch: Preparation[] = [];
  for await (const preparation of prepared) {
    signal.throwIfAborted();
    if (batch[0] !== undefined && batchIdOf(batch[0]) !== batchIdOf(preparation)) {
      await handOverBatch(batch, parts);
      batch = [];
    }
    batch.push(preparation);
  }
  if (batch.length > 0) await handOverBatch(batch, parts);
}

/** Hands a batch over, less what is answered already: by the cache, by the host, by another spec's task. */
async function handOverBatch(preparations: readonly Preparation[], parts: HandOverParts): Promise<void> {
  const asked: PreparedTask[] = [];
  for (const preparation of preparations) {
    if (!preparation.isReady) await parts.ledger.settle(failedOutcome(preparation, preparation.failure, 0));
    else if (await isToBeAsked(preparation.task, parts)) asked.push(preparation.task);
  }
  const first = preparations[0];
  if (asked.length === 0 || first === undefined) return;
  const { engine } = parts.session.checkpoint.settings;
  const tasks = asked.map((task) => manifestTask(task, engine.max_output_tokens));
  const batchId = batchIdOf(first);
  const workerId = await parts.host.submit({ batch_id: batchId, tasks }, hintsOf(asked), engine);
  parts.ledger.emit({ type: 'batch-submitted', batch_id: batchId, worker_id: workerId, tasks: tasks.length });
  await parts.session.flush(false);
}

/** Records that a task is ready; false when its answer is known, or is on its way for another spec. */
async function isToBeAsked(task: PreparedTask, parts: HandOverParts): Promise<boolean> {
  recordPrepared(task, parts);
  const finished = await parts.host.finishedBefore(task.taskKey);
  if (finished) {
    parts.answers.adopt(task, finished, false);
    return false;
  }
  const cached = await cachedResult(task.taskKey, parts);
  if (cached) {
    parts.answers.adopt(task, cached, true);
    return false;
  }
  return parts.answers.expect(task);
}

async function cachedResult(taskKey: string, { session, ports }: HandOverParts): Promise<TaskResult | null> {
  const { settings } = session.checkpoint;
  // With no model named, the server's own one answers, and that may be another one by now.
  if (settings.force || settings.engine.model === '') return null;
  return await ports.results.get(taskKey);
}

function recordPrepared({ planned, taskKey, hint }: PreparedTask, { state, ledger }: HandOverParts): void {
  if (state.specs.get(planned.spec)?.prepared?.task_key === taskKey) return;
  const recorded = hint && {
    sha256: hint.sha256,
    width: hint.width,
    height: hint.height,
    frames: hint.frames,
    generated: hint.generated,
  };
  ledger.emit({ type: 'task-prepared', spec: planned.spec, task_key: taskKey, hint: recorded });
}

function batchIdOf(preparation: Preparation): number {
  const { planned } = preparation.isReady ? preparation.task : preparation;
  return planned.batch_id ?? 0;
}

/** The hints of several tasks, each once. */
function hintsOf(tasks: readonly PreparedTask[]) {
  return [...new Map(tasks.flatMap(({ hint }) => (hint ? [[hint.sha256, hint]] : []))).values()];
}

function manifestTask(
  { taskKey, planned, prompt, hint }: PreparedTask,
  maxOutputTokens: number,
): ManifestTask {
  return {
    task_key: taskKey,
    name: planned.name.slice(0, 200),
    prompt,
    hint: hint && { sha256: hint.sha256, width: hint.width, height: hint.height, frames: hint.frames },
    max_output_tokens: maxOutputTokens,
  };
}
