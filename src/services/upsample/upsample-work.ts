import { pMapIterable } from 'p-map';
import { RecentMap } from '../../async/recent-map.ts';
import { resumeCommand } from '../../core/run/run-commands.ts';
import { placeName } from '../../core/run/run-ending.ts';
import { AnswerIndex } from '../../core/upsample/answer-index.ts';
import { checkResult, type ResultFault, repeatedAnswer } from '../../core/upsample/check-result.ts';
import type { ResultOrigin } from '../../core/upsample/result-origin.ts';
import type { UpsampleCheckpoint } from '../../core/upsample/upsample-checkpoint.ts';
import type { UpsampleTaskEvent } from '../../core/upsample/upsample-event.ts';
import type { SpecState, UpsampleState } from '../../core/upsample/upsample-state.ts';
import { AppError } from '../../errors/app-error.ts';
import type { HostObject, HostRun } from '../../ports/host.ts';
import type { EngineSpec, ManifestTask, WorkTask } from '../../protocol/manifest.ts';
import { failedResult, type TaskResult } from '../../protocol/task-result.ts';
import type { FatalFailure, Prepared, RunWork } from '../runs/run-kind.ts';
import { askedOrigin, originOf } from './answer-origin.ts';
import { failedOutcome, finishTask, hintRecord } from './finish-task.ts';
import { prepareTask } from './prepare-task.ts';
import type { PromptsRun, TaskHint, UpsampleTask, UpsampleTypes } from './upsample-types.ts';

/** Specs that are prepared ahead of the batch that is being submitted. */
const preparedAhead = 256;

/** Many enough for specs that follow each other. */
export const hintsRemembered = 10_000;

/** Of the events of a run, only those of its tasks come from here. */
type PromptTypes = Omit<UpsampleTypes, 'event'> & { readonly event: UpsampleTaskEvent };

export class UpsampleWork implements RunWork<PromptTypes> {
  readonly engine: EngineSpec;
  readonly tasksInFlight: number;
  readonly batchesInFlight = 4;
  readonly settlesInFlight = 16;
  readonly #run: PromptsRun;
  /** Specs without an outcome, by batch. */
  readonly #openInBatch = new Map<number, number>();
  /** Where answers of earlier runs came from that this one uses, by the keys of their tasks. */
  readonly #reusedFrom = new Map<string, ResultOrigin>();
  /** Texts that specs of this run have. */
  readonly #answers = new AnswerIndex();
  /** Whether a task has an answer on the host, which an earlier session asked for. */
  #isAnswered: (taskKey: string) => Promise<boolean> = async () => false;

  constructor(run: PromptsRun) {
    this.#run = run;
    const { settings, batches } = run.session.checkpoint;
    this.engine = settings.engine;
    this.tasksInFlight = settings.engine.concurrency * settings.workers;
    for (const { finished } of run.state.specs.values())
      if (finished?.answer_mark) this.#answers.learnMark(finished.task_key, finished.answer_mark);
    for (const batch of batches) {
      const open = batch.specs.filter((spec) => !run.state.isSettled(spec)).length;
      if (open > 0) this.#openInBatch.set(batch.batch_id, open);
    }
  }

  plannedOutcomes(): readonly UpsampleTaskEvent[] {
    const outcomes: UpsampleTaskEvent[] = [];
    for (const { planned, failed } of this.#run.state.specs.values())
      if (planned.action === 'fail' && !failed && planned.failure)
        outcomes.push(failedOutcome({ planned }, planned.failure, 0));
    return outcomes;
  }

  *usedKeys(): Iterable<string> {
    for (const { finished } of this.#run.state.specs.values()) if (finished) yield finished.task_key;
  }

  retriedKeys(): readonly string[] {
    const keys: string[] = [];
    for (const spec of this.#run.state.specs.values())
      if (spec.isReopened && spec.prepared) keys.push(spec.prepared.task_key);
    return keys;
  }

  async *tasks(): AsyncIterable<Prepared<PromptTypes>> {
    const { session, state, ports, signal } = this.#run;
    const hints = new RecentMap<string, Promise<TaskHint>>(hintsRemembered);
    const context = { session, ports, signal, hints, isAnswered: this.#isAnswered };
    const prepared = pMapIterable(
      pendingOf(session.checkpoint, state),
      (spec) => prepareTask(spec, context),
      {
        concurrency: ports.parallelism,
        backpressure: preparedAhead,
      },
    );
    for await (const preparation of prepared) {
      if (preparation.isReady) yield preparation;
      else {
        const { planned, failure } = preparation;
        const outcome = failedOutcome({ planned }, failure, 0);
        yield { isReady: false, batchId: planned.batch_id, outcome };
      }
    }
  }

  async onOpen(host: HostRun, finishedKeys: { has(taskKey: string): boolean }): Promise<void> {
    this.#isAnswered = async (key) => finishedKeys.has(key) && (await host.result(key))?.status === 'ok';
  }

  preparedEvent({ planned, taskKey, hint, maxOutputTokens }: UpsampleTask): UpsampleTaskEvent | null {
    if (this.#run.state.specs.get(planned.spec)?.prepared?.task_key === taskKey) return null;
    return {
      ...{ type: 'task-prepared', spec: planned.spec, task_key: taskKey, hint: hintRecord(hint) },
      max_output_tokens: maxOutputTokens,
    };
  }

  manifestTask(task: UpsampleTask): ManifestTask {
    return manifestTaskOf(task);
  }

  objectsOf({ hint }: UpsampleTask): readonly HostObject[] {
    return hint ? [hint] : [];
  }

  async cachedResult(task: UpsampleTask): Promise<TaskResult | null> {
    const { settings } = this.#run.session.checkpoint;
    // With no model named, the server's own one answers, and that may be another one by now.
    if (settings.force || settings.engine.model === '') return null;
    const cached = await this.#run.ports.results.get(task.taskKey, askedOrigin(settings, this.#run.ports));
    if (cached === null || this.#faultOf(manifestTaskOf(task), cached.result) !== null) return null;
    this.#reusedFrom.set(task.taskKey, cached.origin);
    return cached.result;
  }

  readonly judge = (task: WorkTask, result: TaskResult, machine: string): TaskResult => {
    const fault = isPrompt(task) ? this.#faultOf(task, result) : null;
    if (fault === null) return result;
    const { code, message } = fault;
    const said = `${message} This result came from ${placeName(machine)} and is not used.`;
    return failedResult(task.task_key, said, Date.parse(result.finished_at), code);
  };

  #faultOf(task: ManifestTask, result: TaskResult): ResultFault | null {
    const fault = checkResult(result, task, this.engine);
    if (fault || result.status === 'failed') return fault;
    return repeatedAnswer(result, task, this.#answers);
  }

  async settle(task: UpsampleTask, result: TaskResult, isReused: boolean): Promise<UpsampleTaskEvent> {
    const specs = this.#run.state.specs;
    const specsOf = (key: string) => {
      const found: string[] = [];
      for (const { planned, prepared } of specs.values())
        if (prepared?.task_key === key) found.push(planned.spec);
      return found;
    };
    const reusedFrom = this.#reusedFrom.get(task.taskKey);
    return await finishTask(task, result, isReused, {
      ...this.#run,
      specsOf,
      ...(reusedFrom && { reusedFrom }),
    });
  }

  /** The last outcome of a batch makes all of that batch durable. */
  checkpointAfter(outcome: UpsampleTaskEvent): readonly UpsampleTaskEvent[] | null {
    if (outcome.type !== 'task-finished' && outcome.type !== 'task-failed') return null;
    const batchId = this.#run.state.specs.get(outcome.spec)?.planned.batch_id ?? null;
    if (batchId === null) return null;
    const open = (this.#openInBatch.get(batchId) ?? 1) - 1;
    this.#openInBatch.set(batchId, open);
    return open === 0 ? [{ type: 'batch-finished', batch_id: batchId }] : null;
  }

  /** Later runs can wait for the cache; this run's user waits for the spec. */
  async onSettled(
    _task: UpsampleTask,
    result: TaskResult,
    isReused: boolean,
    _host: HostRun | null,
    machine?: string,
  ): Promise<void> {
    if (isReused) return;
    const { session, ports } = this.#run;
    const { settings } = session.checkpoint;
    await ports.results.put(result, originOf(settings, ports, machine));
  }

  fatalError({ code, message }: FatalFailure): AppError {
    const isEngine =
      code === 'engine-unreachable' || code === 'engine-rejected' || code === 'failures-repeated';
    const { runId } = this.#run.session;
    const hasServer = (this.engine.command?.length ?? 0) > 0;
    const logs = hasServer ? `The server's log: cosmos logs ${runId} --engine. ` : '';
    const failedToo = code === 'failures-repeated' ? ' Failed prompts are sent again, too.' : '';
    return new AppError({
      code: isEngine ? code : 'worker-failed',
      message: message ?? 'The engine cannot be used.',
      nextStep: `${logs}Nothing finished is lost.${failedToo} Correct the cause, then continue with: ${resumeCommand(runId)}`,
    });
  }
}

function* pendingOf(
  { batches }: Pick<UpsampleCheckpoint, 'batches'>,
  state: UpsampleState,
): Generator<SpecState> {
  for (const batch of batches)
    for (const name of batch.specs) {
      const spec = state.isSettled(name) ? undefined : state.specs.get(name);
      if (spec) yield spec;
    }
}

function isPrompt(task: WorkTask): task is ManifestTask {
  return 'prompt' in task && 'hint' in task;
}

export function manifestTaskOf({
  taskKey,
  planned,
  prompt,
  hint,
  maxOutputTokens,
  seed,
  known,
}: UpsampleTask): ManifestTask {
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
    ...(seed !== undefined && { seed }),
    ...(known && { duration_seconds: known.durationSeconds }),
  };
}
