import { backoffDelayMs } from '../../core/run/backoff.ts';
import { checkAnswer } from '../../core/upsample/output-checks.ts';
import { tidyAnswer } from '../../core/upsample/tidy-answer.ts';
import type { Clock } from '../../ports/clock.ts';
import type { EngineSpec, ManifestTask } from '../../protocol/manifest.ts';
import { type Engine, EngineError, type PreparedUpsample, type UpsampleAnswer } from '../engines/engine.ts';
import { asEngineError } from '../tasks/as-engine-error.ts';
import type { TaskOutcome } from '../tasks/work-session.ts';
import type { Admission } from './admission.ts';
import { type AnswerLedger, inputOf } from './answer-index.ts';
import { failedResult, okResult, type TaskEffort } from './build-result.ts';

/** What running tasks needs besides the engine. */
export interface TaskTools {
  readonly clock: Clock;
  readonly random01: () => number;
  /** Where a hint's file lies on this machine. */
  hintPathOf(sha256: string): string;
  readonly ledger: AnswerLedger;
}

/** What a task asks of the session that it is part of. */
interface TaskSession {
  readonly spec: EngineSpec;
  readonly engine: Engine;
  readonly admission: Admission;
  readonly stopSignal: AbortSignal;
  readonly abortSignal: AbortSignal;
}

/**
 * Runs one task to its result: asks, checks the answer, and asks again as often as the policy allows.
 *
 * Rejects with a signal's reason when the session stops before there is a result; then the task is as it was.
 */
export async function runTask(
  task: ManifestTask,
  session: TaskSession,
  tools: TaskTools,
): Promise<TaskOutcome> {
  const effort: TaskEffort = { attempts: 0, startedAtMs: null, answer: null };
  const ask = new Asking(task, session, tools, effort);
  for (;;) {
    const error = await ask.attempt();
    if (!error) return { isFatal: false, result: okResult(task, effort, tools.clock.now()) };
    if (error.class === 'fatal') return { isFatal: true, error };
    if (error.class !== 'transient' || effort.attempts >= session.spec.retry.max_attempts) {
      return { isFatal: false, result: failedResult(task, effort, error, session.spec, tools.clock.now()) };
    }
    const delayMs = Math.max(error.retryAfterMs ?? 0, pauseMs(effort.attempts, session, tools));
    await tools.clock.sleep(delayMs, session.stopSignal);
  }
}

function pauseMs(attempt: number, session: TaskSession, tools: TaskTools): number {
  const { base_delay_ms: baseDelayMs, max_delay_ms: maxDelayMs } = session.spec.retry;
  return backoffDelayMs(attempt, { baseDelayMs, maxDelayMs }, tools.random01());
}

/** One task's attempts; what they cost and gave is noted in `effort`. */
class Asking {
  readonly #task: ManifestTask;
  readonly #session: TaskSession;
  readonly #tools: TaskTools;
  readonly #effort: TaskEffort;
  #prepared: PreparedUpsample | null = null;

  constructor(task: ManifestTask, session: TaskSession, tools: TaskTools, effort: TaskEffort) {
    this.#task = task;
    this.#session = session;
    this.#tools = tools;
    this.#effort = effort;
  }

  /** Null when there is a good answer. */
  async attempt(): Promise<EngineError | null> {
    this.#effort.attempts += 1;
    try {
      this.#prepared ??= await this.#prepare();
      const answer = await this.#ask(this.#prepared);
      this.#effort.answer = { ...answer, text: tidyAnswer(answer.text) };
      return this.#judge(this.#effort.answer);
    } catch (error) {
      const { stopSignal, abortSignal } = this.#session;
      if (error === stopSignal.reason || abortSignal.aborted) throw error;
      return asEngineError(error);
    }
  }

  async #prepare(): Promise<PreparedUpsample> {
    const { engine, stopSignal } = this.#session;
    const { prompt, hint, max_output_tokens: maxOutputTokens } = this.#task;
    const hintPath = hint ? this.#tools.hintPathOf(hint.sha256) : null;
    const request = { prompt, hintPath, kind: hint?.kind, maxOutputTokens, attempt: 1 };
    if (engine.prepare) return await engine.prepare(request, stopSignal);
    return (attempt, signal) => engine.upsample({ ...request, attempt }, signal);
  }

  async #ask(prepared: PreparedUpsample): Promise<UpsampleAnswer> {
    const { admission, stopSignal, abortSignal } = this.#session;
    return await admission.ask(() => {
      this.#effort.startedAtMs ??= this.#tools.clock.now();
      return prepared(this.#effort.attempts, abortSignal);
    }, stopSignal);
  }

  #judge(answer: UpsampleAnswer): EngineError | null {
    const { prompt, hint, task_key: taskKey } = this.#task;
    const { text } = answer;
    const asked = { prompt, instruction: this.#session.spec.instruction, hasHint: hint !== null };
    const fault = checkAnswer(answer, asked);
    if (fault)
      return new EngineError({ ...fault, class: fault.code === 'no-frames' ? 'permanent' : 'transient' });
    const other = this.#tools.ledger.claim({ taskKey, input: inputOf(this.#task), text });
    if (other === null) return null;
    return new EngineError({
      code: 'output-repeated',
      class: 'transient',
      message: `The answer is word for word the one for another input, task ${other}.`,
    });
  }
}
