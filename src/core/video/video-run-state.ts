import { RunState, type TaskCounts } from '../run/run-state.ts';
import type { RunStatus } from '../run/run-status.ts';
import type { PlannedSegment, VideoCheckpoint } from './video-checkpoint.ts';
import type { VideoCounts, VideoEventBody, VideoEventOf } from './video-event.ts';

/** What an upscale run knows about one segment. */
export interface SegmentState {
  readonly planned: PlannedSegment;
  finished: VideoEventOf<'segment-finished'> | null;
  failed: VideoEventOf<'segment-failed'> | null;
  /** It failed in an earlier session, and this one tries it again. */
  isReopened: boolean;
  /** It was finished once, and its file is gone: what its host says of it may be of that file. */
  isLost: boolean;
}

export class VideoRunState extends RunState<VideoEventBody> {
  readonly segments: ReadonlyMap<number, SegmentState>;
  /** The finished video; null until it was verified and has its name. */
  video: VideoEventOf<'video-finished'> | null = null;
  readonly #planned: VideoCheckpoint['counts'];
  #finished = 0;
  #failed = 0;
  finishedFrames = 0;

  constructor({ segments, counts }: Pick<VideoCheckpoint, 'segments' | 'counts'>) {
    super();
    this.#planned = counts;
    this.segments = new Map(
      segments.map((planned) => [
        planned.segment_id,
        { planned, finished: null, failed: null, isReopened: false, isLost: false },
      ]),
    );
  }

  get counts(): VideoCounts {
    const { frames, unique_frames: uniqueFrames } = this.#planned;
    return {
      frames,
      unique_frames: uniqueFrames,
      duplicates: frames - uniqueFrames,
      segments: this.segments.size,
      finished_segments: this.#finished,
      failed_segments: this.#failed,
    };
  }

  /** Segments that have neither been finished nor failed. */
  get pending(): readonly PlannedSegment[] {
    return [...this.segments.values()].flatMap(({ planned, finished, failed }) =>
      finished === null && failed === null ? [planned] : [],
    );
  }

  get taskCounts(): TaskCounts {
    return { done: this.#finished, failed: this.#failed, total: this.segments.size };
  }

  get isEnded(): boolean {
    return this.video !== null || (this.pendingCount === 0 && this.#failed > 0);
  }

  get endStatus(): RunStatus {
    if (this.video !== null) return 'complete';
    return this.isEnded ? 'partial' : 'failed';
  }

  get isResumable(): boolean {
    return this.video === null;
  }

  reopenFailed(): void {
    for (const segment of this.segments.values()) {
      segment.isReopened ||= segment.failed !== null;
      segment.failed = null;
    }
    this.#failed = 0;
  }

  protected applyTaskEvent(event: VideoEventBody): void {
    if (event.type === 'video-finished') this.video = event;
    if (event.type === 'segment-finished') this.#finish(event);
    if (event.type === 'segment-failed') this.#fail(event);
    if (event.type === 'segment-lost') this.#lose(event.segment_id);
  }

  /** A finished segment whose file is lost has to be made again. */
  #lose(segmentId: number): void {
    const segment = this.segments.get(segmentId);
    if (!segment?.finished) return;
    segment.isLost = true;
    this.#finished -= 1;
    this.finishedFrames -= segment.planned.frames;
    segment.finished = null;
  }

  #finish(event: VideoEventOf<'segment-finished'>): void {
    const segment = this.segments.get(event.segment_id);
    if (!segment) return;
    if (segment.failed) this.#failed -= 1;
    segment.failed = null;
    segment.isLost = false;
    if (!segment.finished) {
      this.#finished += 1;
      this.finishedFrames += segment.planned.frames;
    }
    segment.finished = event;
  }

  #fail(event: VideoEventOf<'segment-failed'>): void {
    const segment = this.segments.get(event.segment_id);
    if (!segment || segment.finished) return;
    if (!segment.failed) this.#failed += 1;
    segment.failed = event;
  }
}
