import { backoffDelayMs } from '../../core/run/backoff.ts';
import type { Clock } from '../../ports/clock.ts';
import type { SegmentFacts, SegmentTask } from '../../protocol/segment.ts';
import type { TaskResult } from '../../protocol/task-result.ts';
import { asEngineError, type EngineError } from '../tasks/engine-error.ts';
import {
  EngineSession,
  type ProgressListener,
  resultBase,
  type TaskOutcome,
} from '../tasks/engine-session.ts';
import type { SegmentMaker } from './segment-maker.ts';

/** How often a segment is tried; pauses in between in milliseconds. */
const retry = { maxAttempts: 3, baseDelayMs: 500, maxDelayMs: 5_000 };

interface SegmentTools {
  readonly clock: Clock;
  readonly random01: () => number;
}

interface Attempts {
  count: number;
  readonly startedAtMs: number;
}

/** An engine that makes segments of a video: each is tried a few times. */
export class SegmentSession extends EngineSession {
  readonly #engine: string;
  readonly #maker: SegmentMaker;
  readonly #tools: SegmentTools;
  readonly isRestarting = false;
  readonly isReleasedWhenIdle = true;

  /** @param engine - Its kind, or the content hash of its model: results name it. */
  constructor(engine: string, maker: SegmentMaker, tools: SegmentTools) {
    super();
    this.#engine = engine;
    this.#maker = maker;
    this.#tools = tools;
  }

  get taskLimit(): number {
    return this.#maker.taskLimit;
  }

  get waitReason(): string | null {
    return this.#maker.waitReason;
  }

  async start(): Promise<void> {
    await this.#maker.start(this.stopSignal);
  }

  async run(task: SegmentTask, onProgress: ProgressListener): Promise<TaskOutcome> {
    const { clock, random01 } = this.#tools;
    const attempts: Attempts = { count: 0, startedAtMs: clock.now() };
    for (;;) {
      attempts.count += 1;
      try {
        const facts = await this.#maker.run(task, { signal: this.abortSignal, onProgress });
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
    this.#maker.expect(task, isDone);
  }

  override laneStatus() {
    return this.#maker.laneStatus();
  }

  async close(): Promise<void> {
    await this.#maker.stop();
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
      model: this.#engine,
      usage: { prompt_tokens: null, completion_tokens: null },
      finish_reason: null,
      segment: facts,
    };
  }
}
