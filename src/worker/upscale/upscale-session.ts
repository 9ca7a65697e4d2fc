import { backoffDelayMs } from '../../core/run/backoff.ts';
import type { Clock } from '../../ports/clock.ts';
import type { WorkTask } from '../../protocol/manifest.ts';
import type { SegmentTask, UpscalerSpec } from '../../protocol/segment.ts';
import { asEngineError } from '../tasks/as-engine-error.ts';
import { type ProgressListener, type TaskOutcome, WorkSession } from '../tasks/work-session.ts';
import { type SegmentEffort, segmentDone, segmentFailed } from './build-segment-result.ts';
import type { Upscaler } from './upscaler.ts';

/** A segment is tried this often; pauses in between in milliseconds. */
const patience = { maxAttempts: 3, baseDelayMs: 500, maxDelayMs: 5_000 };

/** An engine that upscales segments, in use. */
export class UpscaleWorkSession extends WorkSession {
  readonly #spec: UpscalerSpec;
  readonly #upscaler: Upscaler;
  readonly #clock: Clock;
  readonly #random01: () => number;
  readonly isRestarting = false;
  readonly isReleasedWhenIdle = true;

  constructor(spec: UpscalerSpec, upscaler: Upscaler, tools: { clock: Clock; random01: () => number }) {
    super();
    this.#spec = spec;
    this.#upscaler = upscaler;
    this.#clock = tools.clock;
    this.#random01 = tools.random01;
  }

  get taskLimit(): number {
    return this.#upscaler.taskLimit;
  }

  get trouble(): string | null {
    return this.#upscaler.trouble;
  }

  async start(): Promise<void> {
    await this.#upscaler.start(this.stopSignal);
  }

  async run(task: WorkTask, onProgress: ProgressListener): Promise<TaskOutcome> {
    if (!('clip' in task))
      throw new TypeError(`${task.task_key} is a prompt, and this engine upscales segments`);
    const effort = { attempts: 0, startedAtMs: this.#clock.now() };
    for (;;) {
      const outcome = await this.#attempt(task, effort, onProgress);
      if (outcome !== null) return outcome;
      const delayMs = backoffDelayMs(effort.attempts, patience, this.#random01());
      await this.#clock.sleep(delayMs, this.stopSignal);
    }
  }

  override expect(task: WorkTask, isDone: boolean): void {
    if ('clip' in task) this.#upscaler.expect(task, isDone);
  }

  override get upscaleModel() {
    return this.#upscaler.model;
  }

  override laneStatus() {
    return this.#upscaler.laneStatus();
  }

  async close(): Promise<void> {
    await this.#upscaler.stop();
  }

  /** Null when the same segment may succeed another time. */
  async #attempt(
    task: SegmentTask,
    effort: SegmentEffort & { attempts: number },
    onProgress: ProgressListener,
  ): Promise<TaskOutcome | null> {
    effort.attempts += 1;
    try {
      const facts = await this.#upscaler.run(task, { signal: this.abortSignal, onProgress });
      return { isFatal: false, result: segmentDone(task, facts, this.#spec, effort, this.#clock.now()) };
    } catch (error) {
      if (this.abortSignal.aborted) throw error;
      const failure = asEngineError(error);
      if (failure.class === 'fatal') return { isFatal: true, error: failure };
      if (failure.class !== 'permanent' && effort.attempts < patience.maxAttempts) return null;
      return {
        isFatal: false,
        result: segmentFailed(task, failure, this.#spec, effort, this.#clock.now()),
      };
    }
  }
}
