import { backoffDelayMs } from '../../core/run/backoff.ts';
import type { Clock } from '../../ports/clock.ts';
import type { SegmentFacts, SegmentTask, UpscalerSpec } from '../../protocol/segment.ts';
import type { TaskResult } from '../../protocol/task-result.ts';
import { asEngineError, type EngineError } from '../tasks/engine-error.ts';
import {
  EngineSession,
  type ProgressListener,
  resultBase,
  type TaskOutcome,
} from '../tasks/engine-session.ts';
import type { SegmentUpscaler } from './segment-upscaler.ts';
import type { UpscaleEngine } from './upscale-engine.ts';

/** How often a segment is tried; pauses in between in milliseconds. */
const retry = { maxAttempts: 3, baseDelayMs: 500, maxDelayMs: 5_000 };

interface UpscaleTools {
  readonly clock: Clock;
  readonly random01: () => number;
}

interface Attempts {
  count: number;
  readonly startedAtMs: number;
}

export class UpscaleEngineSession extends EngineSession {
  readonly #spec: UpscalerSpec;
  readonly #upscaler: SegmentUpscaler;
  readonly #tools: UpscaleTools;
  readonly isRestarting = false;
  readonly isReleasedWhenIdle = true;

  constructor(spec: UpscalerSpec, upscaler: SegmentUpscaler, tools: UpscaleTools) {
    super();
    this.#spec = spec;
    this.#upscaler = upscaler;
    this.#tools = tools;
  }

  get taskLimit(): number {
    return this.#upscaler.taskLimit;
  }

  get waitReason(): string | null {
    return this.#upscaler.waitReason;
  }

  /** The engine, where it has a model and can be given more work: single pictures are upscaled with it, too. */
  get model(): UpscaleEngine | null {
    return this.stopSignal.aborted ? null : this.#upscaler.model;
  }

  async start(): Promise<void> {
    await this.#upscaler.start(this.stopSignal);
  }

  async run(task: SegmentTask, onProgress: ProgressListener): Promise<TaskOutcome> {
    const { clock, random01 } = this.#tools;
    const attempts: Attempts = { count: 0, startedAtMs: clock.now() };
    for (;;) {
      attempts.count += 1;
      try {
        const facts = await this.#upscaler.run(task, { signal: this.abortSignal, onProgress });
        return { isFatal: false, result: this.#resultOf(task, attempts, facts, null) };
      } catch (error) {
        if (this.abortSignal.aborted) throw error;
        const failure = asEngineError(error, 'video-unreadable');
        if (failure.class === 'fatal') return { isFatal: true, error: failure };
        if (failure.class === 'permanent' || attempts.count >= retry.maxAttempts)
          return { isFatal: false, result: this.#resultOf(task, attempts, null, failure) };
      }
      await clock.sleep(backoffDelayMs(attempts.count, retry, random01()), this.stopSignal);
    }
  }

  override expect(task: SegmentTask, isDone: boolean): void {
    this.#upscaler.expect(task, isDone);
  }

  override laneStatus() {
    return this.#upscaler.laneStatus();
  }

  async close(): Promise<void> {
    await this.#upscaler.stop();
  }

  /** The result of a segment whose file is published, or that was given up. */
  #resultOf(
    task: SegmentTask,
    attempts: Attempts,
    facts: SegmentFacts | null,
    error: EngineError | null,
  ): TaskResult {
    return {
      ...resultBase(task, attempts, this.#tools.clock.now(), error),
      text: null,
      frames_used: facts?.unique_frames ?? 0,
      model: this.#spec.model ?? this.#spec.kind,
      usage: { prompt_tokens: null, completion_tokens: null },
      finish_reason: null,
      segment: facts,
    };
  }
}
