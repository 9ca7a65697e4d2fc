import { RunState, type TaskCounts } from '../run/run-state.ts';
import type { RunStatus } from '../run/run-status.ts';
import type { VideoOfPlan, VideoSetCheckpoint } from './set-checkpoint.ts';
import type { VideoSetCounts, VideoSetEventBody, VideoSetEventOf } from './set-event.ts';

/** What a run that upscales several videos knows of one of them. */
export interface VideoOfSet {
  /** Its place in the set, from 0. */
  readonly video: number;
  readonly planned: VideoOfPlan;
  /** What was found when it was read through; null before. */
  plan: VideoSetEventOf<'video-planned'> | null;
  /** Frames of its finished segments, by segment. */
  readonly finishedSegments: Map<number, number>;
  /** The finished video; null until it was verified and has its name. */
  finished: VideoSetEventOf<'video-finished'> | null;
  failed: VideoSetEventOf<'video-failed'> | null;
  /** It failed in an earlier session, and this one tries it again. */
  isReopened: boolean;
  /** What was made of it was lost: it is done again when all others are done. */
  isDeferred: boolean;
}

/** How a video of a set stands. `skipped`: its output was there before. */
export type VideoOutcome = 'finished' | 'skipped' | 'failed' | 'open' | 'deferred';

export function outcomeOfVideo({ planned, finished, failed, isDeferred }: VideoOfSet): VideoOutcome {
  if (planned.is_skipped) return 'skipped';
  if (finished !== null) return 'finished';
  if (failed !== null) return 'failed';
  return isDeferred ? 'deferred' : 'open';
}

/** The state of a run that upscales several videos: a task of it is a video. */
export class VideoSetState extends RunState<VideoSetEventBody> {
  readonly videos: readonly VideoOfSet[];
  /** Of segments that are finished. */
  finishedFrames = 0;
  readonly #outcomes: Record<VideoOutcome, number>;

  constructor({ videos }: Pick<VideoSetCheckpoint, 'videos'>) {
    super();
    this.videos = videos.map((planned, video) => ({
      ...{ video, planned, plan: null, finishedSegments: new Map() },
      ...{ finished: null, failed: null, isReopened: false, isDeferred: false },
    }));
    const skipped = videos.filter((planned) => planned.is_skipped).length;
    this.#outcomes = { finished: 0, skipped, failed: 0, open: videos.length - skipped, deferred: 0 };
  }

  get counts(): VideoSetCounts {
    const { finished, skipped, failed } = this.#outcomes;
    return { videos: this.videos.length, finished, skipped, failed, frames: this.finishedFrames };
  }

  get taskCounts(): TaskCounts {
    const { finished, skipped, failed } = this.#outcomes;
    return { done: finished + skipped, failed, total: this.videos.length };
  }

  /** Videos without an outcome that are worked on now. */
  override get pendingCount(): number {
    return this.#outcomes.open;
  }

  get pending(): readonly VideoOfSet[] {
    return this.videos.filter((video) => outcomeOfVideo(video) === 'open');
  }

  get isEnded(): boolean {
    return this.#outcomes.open + this.#outcomes.deferred === 0;
  }

  get endStatus(): RunStatus {
    if (!this.isEnded) return 'failed';
    return this.#outcomes.failed > 0 ? 'partial' : 'complete';
  }

  get isResumable(): boolean {
    return !this.isEnded || this.#outcomes.failed > 0;
  }

  reopenFailed(): void {
    for (const video of this.videos)
      this.#change(video, () => {
        video.isReopened ||= video.failed !== null;
        video.failed = null;
      });
  }

  /** Leaves a video for later: what was finished of it is lost. */
  defer(video: VideoOfSet): void {
    this.#change(video, () => {
      video.isDeferred = true;
    });
  }

  /** Has what was left for later done next. @returns whether there was anything. */
  takeDeferred(): boolean {
    const hasDeferred = this.#outcomes.deferred > 0;
    for (const video of hasDeferred ? this.videos : [])
      this.#change(video, () => {
        video.isDeferred = false;
      });
    return hasDeferred;
  }

  protected applyTaskEvent(event: VideoSetEventBody): void {
    const video = 'video' in event ? this.videos[event.video] : undefined;
    if (video !== undefined) this.#change(video, () => this.#applyTo(video, event));
  }

  #applyTo(video: VideoOfSet, event: VideoSetEventBody): void {
    if (event.type === 'video-planned') this.#plan(video, event);
    if (event.type === 'segment-finished') this.#setFrames(video, event.segment_id, event.frames);
    if (event.type === 'segment-lost') this.#setFrames(video, event.segment_id, null);
    if (event.type === 'video-failed') video.failed = event;
    if (event.type === 'video-finished') {
      video.finished = event;
      video.failed = null;
    }
  }

  /** What was finished of an earlier plan is of another file. */
  #plan(video: VideoOfSet, event: VideoSetEventOf<'video-planned'>): void {
    for (const segment of [...video.finishedSegments.keys()]) this.#setFrames(video, segment, null);
    video.plan = event;
  }

  #setFrames({ finishedSegments }: VideoOfSet, segment: number, frames: number | null): void {
    this.finishedFrames += (frames ?? 0) - (finishedSegments.get(segment) ?? 0);
    if (frames === null) finishedSegments.delete(segment);
    else finishedSegments.set(segment, frames);
  }

  #change(video: VideoOfSet, change: () => void): void {
    this.#outcomes[outcomeOfVideo(video)] -= 1;
    change();
    this.#outcomes[outcomeOfVideo(video)] += 1;
  }
}
