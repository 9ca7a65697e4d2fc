import { pMapIterable } from 'p-map';
import type { SpecState, UpsampleState } from '../../core/upsample/upsample-state.ts';
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

/** Tasks that are looked up on the host together. */
const looksAtOnce = 32;

/** Batches that are on their way to the host at once: a far one is waited for by none of the others. */
const batchesAtOnce = 4;

/** What handing over works with. */
export interface HandOverParts {
  readonly session: RunSession;
  readonly state: UpsampleState;
  readonly ports: Pick<Ports, 'specs' | 'media' | 'results' | 'parallelism'>;
  readonly ledger: RunLedger;
  readonly answers: Answers;
  readonly host: HostLink;
  readonly signal: AbortSignal;
  /** Hears of an error that the run cannot go on after. */
  readonly onError: (error: unknown) => void;
}

/**
 * Prepares every spec without an outcome, batch by batch, and hands each batch over as soon as it is whole; until
 * the engine has all it can work on at once, also parts of one.
 */
export async function handOver(parts: HandOverParts): Promise<void> {
  const { session, state, ports, signal } = parts;
  const pending = session.checkpoint.batches.flatMap((batch) =>
    batch.specs.flatMap((spec) => (state.isSettled(spec) ? [] : (state.specs.get(spec) ?? []))),
  );
  const prepared = pMapIterable(pending, (spec: SpecState) => prepareTask(spec, { session, ports, signal }), {
    concurrency: ports.parallelism,
    backpressure: preparedAhead,
  });
  const looked = pMapIterable(prepared, (preparation) => lookUp(preparation, parts), {
    concurrency: looksAtOnce,
    backpressure: looksAtOnce,
  });
  const { engine, workers } = session.checkpoint.settings;
  let freePlaces = engine.concurrency * workers;
  let asked: PreparedTask[] = [];
  const onTheirWay = new Set<Promise<void>>();
  const send = async () => {
    const sending = handOverBatch(asked, parts)
      .catch(parts.onError)
      .finally(() => onTheirWay.delete(sending));
    onTheirWay.add(sending);
    asked = [];
    while (onTheirWay.size >= batchesAtOnce) await Promise.race(onTheirWay);
  };
  try {
    for await (const { preparation, finished } of looked) {
      signal.throwIfAborted();
      if (asked[0] !== undefined && asked[0].planned.batch_id !== batchIdOf(preparation)) await send();
      if (!preparation.isReady) await parts.ledger.settle(failedOutcome(preparation, preparation.failure, 0));
      else if (await isToBeAsked(preparation.task, finished, parts)) {
        // The host starts while the rest of the first batch is prepared.
        parts.host.openSoon();
        asked.push(preparation.task);
        if (freePlaces > 0 && parts.host.isOpen) {
          freePlaces -= asked.length;
          await send();
        }
      }
    }
    if (asked.length > 0) await send();
  } finally {
    // Also after an error: nothing may be on its way when the run is closed.
    await Promise.all(onTheirWay);
  }
}

/** Hands over tasks of one batch: those that nothing else has answered. */
async function handOverBatch(asked: readonly PreparedTask[], parts: HandOverParts): Promise<void> {
  const { engine } = parts.session.checkpoint.settings;
  await parts.host.open();
  const open: PreparedTask[] = [];
  for (const task of asked) if (await isUnanswered(task, parts)) open.push(task);
  if (open.length === 0) return;
  const tasks = open.map((task) => manifestTask(task, engine.max_output_tokens));
  const batchId = open[0]?.planned.batch_id ?? 0;
  const workerId = await parts.host.submit({ batch_id: batchId, tasks }, hintsOf(open), engine);
  parts.ledger.emit({ type: 'batch-submitted', batch_id: batchId, worker_id: workerId, tasks: tasks.length });
  await parts.session.flush(false);
}

/** A preparation with what the host has of it: many are looked up together, because a far host takes a while. */
async function lookUp(preparation: Preparation, { host }: HandOverParts) {
  const finished = preparation.isReady ? await host.finished(preparation.task.taskKey) : null;
  return { preparation, finished };
}

/** Records that a task is ready; false when the cache, the host or another spec's task answers it. */
async function isToBeAsked(
  task: PreparedTask,
  finished: TaskResult | null,
  parts: HandOverParts,
): Promise<boolean> {
  const { answers } = parts;
  recordPrepared(task, parts);
  if (!answers.expect(task)) return false;
  if (finished) await answers.accept(finished, false);
  // Looked up once more now that it is expected: an answer that came in between was told to nobody.
  if (!(await isUnanswered(task, parts))) return false;
  const cached = await cachedResult(task.taskKey, parts);
  if (cached) await answers.accept(cached, true);
  return answers.isExpected(task.taskKey);
}

/** Looks on the host, which tells nothing of tasks that were finished before they are handed over. */
async function isUnanswered({ taskKey }: PreparedTask, { answers, host }: HandOverParts): Promise<boolean> {
  const finished = answers.isExpected(taskKey) ? await host.finished(taskKey) : null;
  if (finished) await answers.accept(finished, false);
  return answers.isExpected(taskKey);
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

function batchIdOf(preparation: Preparation): number | null {
  return preparation.isReady ? preparation.task.planned.batch_id : preparation.planned.batch_id;
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
    hint: hint && {
      sha256: hint.sha256,
      width: hint.width,
      height: hint.height,
      frames: hint.frames,
      kind: planned.video?.kind ?? 'video',
    },
    max_output_tokens: maxOutputTokens,
  };
}
