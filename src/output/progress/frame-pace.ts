import type { UpscaleEventBody } from '../../core/upscale/upscale-event.ts';
import type { UpscaleBeginning } from '../../ports/run-observer.ts';

/** What must have passed since the first frame before a pace is shown: milliseconds, and reports of frames. */
const minElapsedMs = 2_000;
const minReports = 2;

/**
 * Counts the frames of an upscale run; says how quick they come and how much time is left. Only what is made in this session
 * counts: neither frames of segments that were finished before, nor those that a host finished while no session
 * followed it, nor the time until the first frame. Time is passed in.
 */
export class FramePace {
  readonly total: number;
  /** Frames that are upscaled, those of earlier sessions included. */
  done: number;
  failedSegments = 0;
  readonly #framesPerSegment: number;
  #hasSubmitted = false;
  #first: { readonly done: number; readonly atMs: number } | null = null;
  #reports = 0;
  #lastMs = 0;

  constructor(run: Pick<UpscaleBeginning, 'frames' | 'finishedFrames' | 'segments'>) {
    this.total = run.frames;
    this.done = run.finishedFrames;
    this.#framesPerSegment = run.frames / Math.max(1, run.segments);
  }

  apply({ type }: UpscaleEventBody): void {
    // What a host had finished is taken in before anything is submitted.
    if (type === 'batch-submitted') this.#hasSubmitted = true;
    if (type === 'segment-failed') this.failedSegments += 1;
  }

  /** Takes in how many frames are done by now. It may be fewer than before: a segment may have to be made again. */
  note(done: number, nowMs: number): void {
    if (this.#hasSubmitted && done > this.done) {
      this.#first ??= { done, atMs: nowMs };
      if (done > this.#first.done) this.#reports += 1;
    }
    this.done = done;
    this.#lastMs = nowMs;
  }

  /** Frames per second since the first one of this session; null while it cannot be said yet. */
  framesPerSecond(nowMs: number): number | null {
    if (this.#first === null || this.#reports < minReports) return null;
    // After the last frame there is no pace any more, only what it was.
    const untilMs = this.done >= this.total ? this.#lastMs : nowMs;
    const elapsedMs = untilMs - this.#first.atMs;
    const frames = this.done - this.#first.done;
    return elapsedMs < minElapsedMs || frames <= 0 ? null : (1_000 * frames) / elapsedMs;
  }

  /** Milliseconds until the last frame; null while it cannot be said yet. */
  remainingMs(nowMs: number): number | null {
    const pace = this.framesPerSecond(nowMs);
    if (pace === null) return null;
    // A failed segment is not tried again in this session; segments are of about one length.
    const lost = this.failedSegments * this.#framesPerSegment;
    return Math.round((1_000 * Math.max(0, this.total - this.done - lost)) / pace);
  }
}
