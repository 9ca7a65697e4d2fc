import { batchesOfLane, countBatches } from '../../core/frames/batches.ts';
import type { LaneShare } from '../../core/frames/plan-files.ts';
import type { PlannedSegment, VideoCheckpoint } from '../../core/video/video-checkpoint.ts';
import type { VideoRunState } from '../../core/video/video-run-state.ts';
import type { LaneStatus, WorkerStatus } from '../../protocol/worker-status.ts';

/**
 * Batches of each lane over the whole video: those of finished segments, and what the lanes report of the others. A host may
 * have several workers, whose lanes of one number are added up.
 */
export class LaneCounts {
  readonly lanes: number;
  readonly #plan: Pick<VideoCheckpoint, 'counts' | 'settings'>;
  readonly #segments: VideoRunState['segments'];
  /** Batches by lane of segments that were finished when this session began, and of those that are finished now. */
  readonly #before: number[];
  readonly #finished: number[];
  readonly #finishedSegments = new Set<number>();
  /** By worker: what its lanes said first, which may be of an earlier session, and last. */
  readonly #first = new Map<number, readonly LaneStatus[]>();
  readonly #last = new Map<number, readonly LaneStatus[]>();

  constructor(plan: Pick<VideoCheckpoint, 'counts' | 'settings'>, { segments }: VideoRunState) {
    this.#plan = plan;
    this.#segments = segments;
    this.lanes = plan.settings.engine.lanes;
    this.#finished = new Array<number>(this.lanes).fill(0);
    for (const [id, { finished }] of segments) if (finished) this.finish(id);
    this.#before = [...this.#finished];
  }

  /** A segment is finished: all its batches are done. */
  finish(segmentId: number): void {
    const segment = this.#segments.get(segmentId)?.planned;
    if (!segment || this.#finishedSegments.has(segmentId)) return;
    this.#finishedSegments.add(segmentId);
    for (let lane = 0; lane < this.lanes; lane++) {
      this.#finished[lane] = (this.#finished[lane] ?? 0) + this.#batchesIn(segment, lane);
    }
  }

  onStatus({ worker_id: id, lanes }: WorkerStatus): void {
    if (lanes === undefined) return;
    if (!this.#first.has(id)) this.#first.set(id, lanes);
    this.#last.set(id, lanes);
  }

  factsOf(lane: number): LaneShare {
    const totalBatches = batchesOfLane(lane, this.lanes, 0, this.#plan.counts.batches);
    const said = [...this.#last.values()].flatMap((all) => all.filter((each) => each.lane === lane));
    const reported = (this.#before[lane] ?? 0) + this.#doneSince(lane);
    const completedBatches = Math.min(totalBatches, Math.max(this.#finished[lane] ?? 0, reported));
    const atWork = said.find(({ status }) => status === 'processing');
    return {
      lane,
      status: atWork?.status ?? said[0]?.status ?? 'idle',
      totalBatches,
      completedBatches,
      currentBatch: atWork?.current_batch ?? null,
    };
  }

  /** Batches of this session, over all lanes: what a pace is computed from. */
  completedSince(lane: number): number {
    return this.factsOf(lane).completedBatches - (this.#before[lane] ?? 0);
  }

  #batchesIn({ first_batch: first, unique_frames: unique }: PlannedSegment, lane: number): number {
    const end = first + countBatches(unique, this.#plan.settings.engine.batch_size);
    return batchesOfLane(lane, this.lanes, first, end);
  }

  #doneSince(lane: number): number {
    let done = 0;
    for (const [id, now] of this.#last) {
      const first = completedOf(this.#first.get(id), lane);
      // A worker that was started again counts from nothing.
      done += Math.max(0, completedOf(now, lane) - first);
    }
    return done;
  }
}

function completedOf(lanes: readonly LaneStatus[] | undefined, lane: number): number {
  return lanes?.find((each) => each.lane === lane)?.completed_batches ?? 0;
}
