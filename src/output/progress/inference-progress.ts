import type { InferenceEventBody } from '../../core/inference/inference-event.ts';
import type { Journaled } from '../../core/run/run-status.ts';
import type { InferenceBeginning, InferenceObserver } from '../../ports/run-observer.ts';
import { counted, numeral } from '../text/format.ts';
import type { BarRow } from './bar-stack.ts';
import { RunProgress, type WorkPace } from './run-progress.ts';
import { remainingTimeMs, standingText } from './upsample-progress.ts';

/** Tasks of one stage, as they stand. */
interface Standing {
  settled: number;
  failed: number;
  /** Answers of this session; those adopted from earlier work or from the cache do not count. */
  answered: number;
  startedMs: number | null;
}

/** The progress of a run from prompts to videos: the plan, then the prompts, then the videos with their steps. */
export class InferenceProgress extends RunProgress implements InferenceObserver {
  #planned: { readonly done: number; readonly total: number } | null = null;
  #run: InferenceBeginning | null = null;
  #isInference = false;
  readonly #prompts: Standing = { settled: 0, failed: 0, answered: 0, startedMs: null };
  readonly #videos: Standing = { settled: 0, failed: 0, answered: 0, startedMs: null };
  /** Shares of videos that are under way, from 0 to 1. */
  readonly #shares = new Map<string, number>();
  #shown: { readonly step: number; readonly steps: number } | null = null;

  onPlanned(done: number, total: number): void {
    this.#planned = { done, total };
    this.refresh();
  }

  onBegin(run: InferenceBeginning): void {
    this.#run = run;
    this.#prompts.settled = run.settled;
    this.#prompts.failed = run.failed ?? 0;
    this.#videos.settled = run.settledVideos;
    const what = [
      ...(run.total > 0 ? [counted(run.total, 'prompt')] : []),
      ...(run.videos > 0 ? [`${counted(run.videos, 'video')} by ${run.family}`] : []),
    ];
    this.begin(run.runId, what.join(', then '), run.total > 0 ? run.engine : undefined);
    this.#showStage(run.settled >= run.total);
  }

  onVideo(video: string, progress: { readonly step: number; readonly steps: number } | null): void {
    if (progress === null) this.#shares.delete(video);
    else {
      // A long video is sampled piece by piece, and each begins with its first step.
      const share = Math.max(this.#shares.get(video) ?? 0, progress.step / progress.steps);
      this.#shares.set(video, share);
    }
    this.#shown = progress;
    this.refresh();
  }

  onEvent(event: Journaled<InferenceEventBody>): void {
    if (event.type === 'stage-started') this.#showStage(event.stage === 'inference');
    if (event.type === 'task-finished' || event.type === 'task-failed') {
      this.#prompts.settled += 1;
      if (event.type === 'task-failed') this.#fail(this.#prompts, { ...event, spec: event.spec });
      else if (!event.is_reused) this.#prompts.answered += 1;
    }
    if (event.type === 'video-finished' || event.type === 'video-failed') {
      this.#videos.settled += 1;
      if (event.type === 'video-failed') this.#fail(this.#videos, { ...event, spec: event.video });
      else if (!event.is_reused) this.#videos.answered += 1;
    }
    this.takeHostEvent(event);
  }

  onTaskStarted(): void {
    (this.#isInference ? this.#videos : this.#prompts).startedMs ??= performance.now();
  }

  rows(nowMs: number): BarRow[] {
    if (this.#run === null) {
      const planned = this.#planned;
      return planned ? [{ what: 'Plan', ...planned, text: `${planned.done}/${planned.total}` }] : [];
    }
    const { total, videos } = this.#run;
    const prompts = {
      what: 'Prompts',
      done: this.#prompts.settled,
      total,
      text: textOf(this.#prompts, total),
    };
    const shares = [...this.#shares.values()].reduce((sum, share) => sum + share, 0);
    const done = Math.min(videos, this.#videos.settled + shares);
    const made = { what: 'Videos', done, total: videos, text: this.#videosText(videos) };
    const pace = this.#pace(nowMs);
    return [
      ...(total > 0 ? [this.#isInference ? prompts : this.workRow(prompts, pace, nowMs)] : []),
      ...(videos > 0 ? [this.#isInference ? this.workRow(made, pace, nowMs) : made] : []),
      this.engineRow(nowMs),
      ...this.machineRows(),
    ];
  }

  line(nowMs: number): string {
    if (this.#run === null)
      return this.#planned
        ? `planned ${this.#planned.done} of ${counted(this.#planned.total, 'spec')}`
        : 'reading specs';
    const standing = this.#isInference
      ? `videos: ${this.#videosText(this.#run.videos)}`
      : `prompts: ${textOf(this.#prompts, this.#run.total)}`;
    return this.workLine(standing, this.#pace(nowMs), nowMs);
  }

  #showStage(isInference: boolean): void {
    this.#isInference = isInference;
    if (this.#run) this.nameEngine((isInference ? this.#run.family : this.#run.engine) ?? '');
  }

  #videosText(total: number): string {
    const step = this.#shown ? `, step ${numeral(this.#shown.step)} of ${numeral(this.#shown.steps)}` : '';
    return `${textOf(this.#videos, total)}${step}`;
  }

  #fail(
    standing: Standing,
    failure: Parameters<RunProgress['takeFailure']>[0] & { readonly attempts: number },
  ): void {
    standing.failed += 1;
    if (failure.attempts > 0) standing.answered += 1;
    this.takeFailure(failure);
  }

  #pace(nowMs: number): WorkPace {
    if (this.#run === null) return { rate: null, leftMs: null };
    const standing = this.#isInference ? this.#videos : this.#prompts;
    const total = this.#isInference ? this.#run.videos : this.#run.total;
    const leftMs = remainingTimeMs({
      workStartedMs: standing.startedMs,
      nowMs,
      answered: standing.answered,
      remaining: total - standing.settled,
      concurrency: this.#isInference ? 1 : this.#run.concurrency,
    });
    return { rate: null, leftMs };
  }
}

function textOf({ settled, failed }: Standing, total: number): string {
  return standingText({ settled, failed, total });
}
