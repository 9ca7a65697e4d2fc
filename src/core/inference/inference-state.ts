import { RunState, type TaskCounts } from '../run/run-state.ts';
import type { RunStatus } from '../run/run-status.ts';
import { isSelected } from '../spec/select-specs.ts';
import type { UpsampleEventBody } from '../upsample/upsample-event.ts';
import { UpsampleState } from '../upsample/upsample-state.ts';
import type { InferenceCheckpoint, PlannedVideoTask } from './inference-checkpoint.ts';
import type { InferenceCounts, InferenceEventBody, InferenceEventOf } from './inference-event.ts';
import type { RunStage } from './inference-settings.ts';

/** What a run knows about one video. */
export interface VideoState {
  readonly planned: PlannedVideoTask;
  prepared: InferenceEventOf<'video-prepared'> | null;
  finished: InferenceEventOf<'video-finished'> | null;
  failed: InferenceEventOf<'video-failed'> | null;
  /** It failed in an earlier session, and this one tries it again. */
  isReopened: boolean;
}

type StatePlan = Pick<InferenceCheckpoint, 'specs' | 'videos' | 'settings'>;

/**
 * The state of a run from prompts to videos. It works on one stage at a time; a stage is left when nothing in it is pending,
 * and entered again when a later session tries its failures once more.
 */
export class InferenceState extends RunState<InferenceEventBody> {
  readonly prompts: UpsampleState;
  readonly videos: ReadonlyMap<string, VideoState>;
  stage: RunStage = 'upsample';
  readonly #plan: StatePlan;
  /** A person has had the prompts before them: the run was resumed after it paused. */
  #isReviewed = false;
  #hasPaused = false;
  /** How many videos are pending; null when it has to be counted again. Counting at each event would cost too much. */
  #pendingVideos: number | null = null;

  /** @param plan - Its settings may be replaced when the run is resumed. */
  constructor(plan: StatePlan) {
    super();
    const { specs, videos } = plan;
    this.#plan = plan;
    this.prompts = new UpsampleState(specs);
    const nothing = { prepared: null, finished: null, failed: null, isReopened: false };
    this.videos = new Map(videos.map((planned) => [planned.video, { planned, ...nothing }]));
    if (this.prompts.pendingCount === 0) this.stage = 'inference';
  }

  get counts(): InferenceCounts {
    const states = [...this.videos.values()];
    const finished = states.flatMap((video) => video.finished ?? []);
    return {
      total: states.length,
      made: finished.filter(({ is_reused: isReused }) => !isReused).length,
      reused: finished.filter(({ is_reused: isReused }) => isReused).length,
      skipped: states.filter((video) => this.#isSkipped(video)).length,
      failed: states.filter((video) => this.#isFailed(video)).length,
      prompts: this.prompts.counts,
    };
  }

  /** Videos; where the run makes none, prompts. */
  get taskCounts(): TaskCounts {
    if (!this.#has('inference')) return this.prompts.taskCounts;
    const { total, made, reused, skipped, failed } = this.counts;
    return { done: made + reused + skipped, failed, total };
  }

  /** Of the stage that is worked on. */
  override get pendingCount(): number {
    if (this.stage === 'upsample') return this.prompts.pendingCount;
    this.#pendingVideos ??= this.pendingVideos.length;
    return this.#pendingVideos;
  }

  /** Videos without an outcome whose prompt there is. */
  get pendingVideos(): readonly VideoState[] {
    if (!this.#has('inference')) return [];
    return [...this.videos.values()].filter((video) => this.#isPending(video));
  }

  /** The stage with something to do; null when there is none. What was submitted comes first. */
  get nextStage(): RunStage | null {
    if (this.stage === 'inference' && this.pendingVideos.length > 0) return 'inference';
    if (this.prompts.pendingCount > 0) return 'upsample';
    return this.pendingVideos.length > 0 ? 'inference' : null;
  }

  /** Prompts are enriched and are to be read by a person before the videos are made. */
  get isPaused(): boolean {
    const isDue = this.#plan.settings.review && !this.#isReviewed && this.stage === 'upsample';
    return isDue && this.prompts.pendingCount === 0 && this.pendingVideos.length > 0;
  }

  get isEnded(): boolean {
    return this.nextStage === null;
  }

  get endStatus(): RunStatus {
    if (this.isPaused) return 'paused';
    const { done, failed, total } = this.taskCounts;
    if (failed === 0 && done === total) return 'complete';
    return done + failed === total && done > 0 ? 'partial' : 'failed';
  }

  get isResumable(): boolean {
    return (
      this.nextStage !== null ||
      this.prompts.isResumable ||
      [...this.videos.values()].some(({ failed }) => failed !== null)
    );
  }

  /** Why a video cannot be made: its own reason, or that of its prompt. Null while nothing is known to be wrong. */
  failureOf({ planned, failed }: VideoState) {
    return failed ?? planned.failure ?? this.prompts.specs.get(planned.spec)?.failed ?? null;
  }

  isSkipped(video: VideoState): boolean {
    return this.#isSkipped(video);
  }

  reopenFailed(): void {
    this.#pendingVideos = null;
    this.prompts.reopenFailed();
    for (const video of this.videos.values()) {
      video.isReopened ||= video.failed !== null;
      video.failed = null;
    }
  }

  protected applyTaskEvent(event: InferenceEventBody): void {
    if (event.type === 'stage-started') this.stage = event.stage;
    if (event.type === 'run-finished') this.#hasPaused = event.status === 'paused';
    // A session after the one that paused is there because a person wants it to continue.
    if (event.type === 'run-started') this.#isReviewed ||= this.#hasPaused;
    if (event.type === 'video-prepared') this.#note(event.video, (video) => (video.prepared = event));
    if (event.type === 'video-finished') this.#settle(event.video, (video) => (video.finished = event));
    if (event.type === 'video-failed') this.#settle(event.video, (video) => (video.failed = event));
    if (isOfPrompts(event)) this.prompts.apply(event);
    if (!event.type.startsWith('video-')) this.#pendingVideos = null;
  }

  #note(name: string, change: (video: VideoState) => unknown): void {
    const video = this.videos.get(name);
    if (video && video.finished === null) change(video);
  }

  #settle(name: string, change: (video: VideoState) => unknown): void {
    const video = this.videos.get(name);
    const wasPending = video !== undefined && this.#isPending(video);
    this.#note(name, change);
    if (wasPending && this.#pendingVideos !== null) this.#pendingVideos -= 1;
  }

  #isPending(video: VideoState): boolean {
    const isOpen = video.finished === null && !this.#isSkipped(video) && !this.#isFailed(video);
    return isOpen && this.#hasPrompt(video.planned.spec);
  }

  #has(stage: RunStage): boolean {
    return this.#plan.settings.stages.includes(stage);
  }

  #isSkipped({ planned, finished }: VideoState): boolean {
    return finished === null && !isSelected(planned.spec, this.#plan.settings);
  }

  #isFailed(video: VideoState): boolean {
    return video.finished === null && !this.#isSkipped(video) && this.failureOf(video) !== null;
  }

  #hasPrompt(spec: string): boolean {
    const prompt = this.prompts.specs.get(spec);
    return prompt?.planned.action === 'skip' || (prompt?.finished ?? null) !== null;
  }
}

function isOfPrompts(event: InferenceEventBody): event is Extract<InferenceEventBody, UpsampleEventBody> {
  return event.type === 'task-prepared' || event.type === 'task-finished' || event.type === 'task-failed';
}
