import { ConcurrencyLimiter } from '../../async/limits.ts';
import { readCosmos3Answer } from '../../core/inference/cosmos3-prompt.ts';
import { backoffDelayMs } from '../../core/run/backoff.ts';
import type { AnswerIndex } from '../../core/upsample/answer-index.ts';
import { checkAnswer } from '../../core/upsample/check-answer.ts';
import { repeatedText } from '../../core/upsample/check-result.ts';
import { spokenAnswer, type TidyAnswer, tidyAnswer } from '../../core/upsample/tidy-answer.ts';
import type { Clock } from '../../ports/clock.ts';
import type { EngineSpec, ManifestTask } from '../../protocol/manifest.ts';
import type { TaskResult } from '../../protocol/task-result.ts';
import { asEngineError, EngineError } from '../tasks/engine-error.ts';
import { EngineSession, resultBase, type TaskOutcome } from '../tasks/engine-session.ts';
import { CircuitBreaker } from './circuit-breaker.ts';
import type { Correction, Engine, PreparedUpsample, UpsampleAnswer } from './engine.ts';

/** Calls one engine: at most `concurrency` requests at a time, and only probes while it is unreachable. */
class EngineCaller {
  readonly breaker: CircuitBreaker;
  readonly #limiter: ConcurrencyLimiter;
  /** What ended the engine's use; requests that wait for a slot then get the same. */
  #fatal: EngineError | null = null;

  constructor(spec: EngineSpec, { clock, random01, log }: UpsampleTools) {
    this.breaker = new CircuitBreaker(spec.retry, clock, random01, log);
    this.#limiter = new ConcurrencyLimiter(spec.concurrency);
  }

  /**
   * Sends a request, as often as outages make it necessary. Rejects with what `send` rejects with; with an `outage`
   * {@link EngineError} when the engine was given up; with the signal's reason when that aborts while waiting.
   */
  async call<T>(send: () => Promise<T>, signal: AbortSignal): Promise<T> {
    for (;;) {
      const outcome = await this.#limiter.run(() => this.#callOnce(send, signal), signal);
      if (outcome) return outcome.answer;
    }
  }

  /** Null when the engine was unreachable. */
  async #callOnce<T>(send: () => Promise<T>, signal: AbortSignal): Promise<{ readonly answer: T } | null> {
    if (this.#fatal) throw this.#fatal;
    const pass = await this.breaker.enter(signal);
    try {
      const answer = await send();
      this.breaker.answered(pass);
      return { answer };
    } catch (error) {
      if (error instanceof EngineError && error.class === 'outage') {
        this.breaker.failed(pass, error);
        return null;
      }
      if (error instanceof EngineError && error.class === 'fatal') this.#fatal ??= error;
      if (error instanceof EngineError && error.code !== 'engine-timeout') this.breaker.answered(pass);
      else this.breaker.abandoned(pass);
      throw error;
    }
  }
}

/** A server that fails is not waited for longer than this before the next attempt, whatever it asks for. */
const longestWaitMs = 5 * 60_000;

interface UpsampleTools {
  readonly clock: Clock;
  readonly random01: () => number;
  log(line: string): void;
  objectPathOf(sha256: string): string;
  readonly answers: AnswerIndex;
}

/** An answer as it came (`raw`), and as it is used. */
interface ReadAnswer extends UpsampleAnswer, TidyAnswer {
  readonly raw: string;
  /** What it says: its text, or all the texts of a JSON object. */
  readonly words: string;
  /** Why it is not of the shape that was asked for; null for one that is. */
  readonly shapeFault: string | null;
}

/** One task under way: what it has cost so far, and the last answer it got. */
interface Attempts {
  readonly task: ManifestTask;
  count: number;
  /** When the engine was first asked; null before that. */
  startedAtMs: number | null;
  prepared: PreparedUpsample | null;
  answer: ReadAnswer | null;
  /** What the model is shown with the next attempt; done once for a task. */
  correction: Correction | null;
  isCorrected: boolean;
}

/** An engine that enriches prompts, in use: asks, checks the answer, and asks again as often as the policy allows. */
export class UpsampleEngineSession extends EngineSession {
  readonly #spec: EngineSpec;
  readonly #engine: Engine;
  readonly #tools: UpsampleTools;
  readonly #caller: EngineCaller;

  constructor(spec: EngineSpec, engine: Engine, tools: UpsampleTools) {
    super();
    this.#spec = spec;
    this.#engine = engine;
    this.#tools = tools;
    this.#caller = new EngineCaller(spec, tools);
  }

  /**
   * How many tasks may be under way: one per slot, and where the engine prepares ahead as many again, so
   * that reading and publishing never leave a slot empty.
   */
  get taskLimit(): number {
    return this.#engine.preparesAhead ? 2 * this.#spec.concurrency : this.#spec.concurrency;
  }

  get waitReason(): string | null {
    return this.#engine.waitReason ?? this.#caller.breaker.waitReason;
  }

  get isRestarting(): boolean {
    return this.#engine.waitReason != null;
  }

  get isReleasedWhenIdle(): boolean {
    return this.#engine.isReleasedWhenIdle ?? false;
  }

  async start(): Promise<void> {
    await this.#engine.start(this.stopSignal);
  }

  async run(task: ManifestTask): Promise<TaskOutcome> {
    const { clock, random01 } = this.#tools;
    const {
      max_attempts: maxAttempts,
      base_delay_ms: baseDelayMs,
      max_delay_ms: maxDelayMs,
    } = this.#spec.retry;
    const nothing = { startedAtMs: null, prepared: null, answer: null, correction: null, isCorrected: false };
    const attempts: Attempts = { task, count: 0, ...nothing };
    for (;;) {
      const error = await this.#attempt(attempts);
      if (error?.class === 'fatal') return { isFatal: true, error };
      if (attempts.correction) continue;
      if (error?.class !== 'transient' || attempts.count >= maxAttempts)
        return { isFatal: false, result: this.#resultOf(attempts, error) };
      const backoffMs = backoffDelayMs(attempts.count, { baseDelayMs, maxDelayMs }, random01());
      const askedMs = Math.min(error.retryAfterMs ?? 0, longestWaitMs);
      await clock.sleep(Math.max(askedMs, backoffMs), this.stopSignal);
    }
  }

  override tryAgain(): void {
    this.#caller.breaker.reset();
  }

  async close(): Promise<void> {
    await this.#engine.stop();
  }

  /** Null when there is a good answer. */
  async #attempt(attempts: Attempts): Promise<EngineError | null> {
    attempts.count += 1;
    const { correction } = attempts;
    attempts.correction = null;
    try {
      attempts.prepared ??= await this.#prepare(attempts.task);
      const { prepared } = attempts;
      const answer = await this.#caller.call(() => {
        attempts.startedAtMs ??= this.#tools.clock.now();
        return prepared(attempts.count, this.abortSignal, correction ?? undefined);
      }, this.stopSignal);
      attempts.answer = readAnswer(answer, this.#spec.prompt_format);
      return this.#check(attempts, attempts.answer);
    } catch (error) {
      if (error === this.stopSignal.reason || this.abortSignal.aborted) throw error;
      const failure = asEngineError(error, 'hint-unreadable');
      // Only with the wrong answer before it does the request not fit.
      return correction && failure.code === 'context-exceeded' ? invalidShape(correction.fault) : failure;
    }
  }

  async #prepare({
    prompt,
    hint,
    seed,
    max_output_tokens: maxOutputTokens,
    duration_seconds: durationSeconds,
  }: ManifestTask): Promise<PreparedUpsample> {
    const hintPath = hint ? this.#tools.objectPathOf(hint.sha256) : null;
    const request = { prompt, hintPath, kind: hint?.kind, maxOutputTokens, seed, durationSeconds };
    return await this.#engine.prepare(request, this.stopSignal);
  }

  #check(attempts: Attempts, answer: ReadAnswer): EngineError | null {
    const { task } = attempts;
    const { prompt, hint } = task;
    const checked = { ...answer, text: answer.words };
    const fault = checkAnswer(checked, {
      prompt,
      instruction: this.#spec.instruction,
      hasHint: hint !== null,
      maxOutputTokens: task.max_output_tokens,
    });
    if (fault) {
      const isLasting = fault.code === 'no-frames' || fault.code === 'context-exceeded';
      return new EngineError({ ...fault, class: isLasting ? 'permanent' : 'transient' });
    }
    if (answer.shapeFault !== null) {
      const isNew = !attempts.isCorrected;
      attempts.isCorrected = true;
      if (isNew) attempts.correction = { answer: answer.text, fault: answer.shapeFault };
      return invalidShape(answer.shapeFault);
    }
    const other = this.#tools.answers.claim(task, answer.text);
    if (other === null) return null;
    return new EngineError({
      code: 'output-repeated',
      class: 'transient',
      message: repeatedText(other),
    });
  }

  /** The result of a task that has a good answer, or that was given up. */
  #resultOf({ task, answer, ...attempts }: Attempts, error: EngineError | null): TaskResult {
    return {
      ...resultBase(task, attempts, this.#tools.clock.now(), error),
      text: error ? null : (answer?.text ?? null),
      ...(answer && answer.raw !== answer.text ? { raw_text: answer.raw } : {}),
      frames_used: answer?.framesUsed ?? 0,
      model: answer?.model || (error ? this.#spec.model : ''),
      usage: { prompt_tokens: answer?.promptTokens ?? null, completion_tokens: answer?.outputTokens ?? null },
      finish_reason: answer?.finishReason ?? null,
    };
  }
}

function readAnswer(answer: UpsampleAnswer, format: EngineSpec['prompt_format']): ReadAnswer {
  const raw = answer.text;
  if (format === undefined) {
    const tidied = tidyAnswer(raw);
    return { ...answer, ...tidied, raw, words: tidied.text, shapeFault: null };
  }
  const spoken = spokenAnswer(raw);
  const read = readCosmos3Answer(spoken.text);
  return read.isValid
    ? { ...answer, ...spoken, raw, text: read.text, words: read.words, shapeFault: null }
    : { ...answer, ...spoken, raw, words: spoken.text, shapeFault: read.reason };
}

function invalidShape(fault: string): EngineError {
  const message = `The answer is not a prompt for Cosmos 3: ${fault}.`;
  return new EngineError({ code: 'output-invalid-json', class: 'transient', message });
}
