/** One worker as the seed's format sees it: a lane of the engine, with its share of the video's batches. */
export interface LaneFacts {
  readonly lane: number;
  readonly status: 'loading' | 'idle' | 'processing' | 'stopped' | 'failed';
  readonly totalBatches: number;
  readonly completedBatches: number;
  /** Number of the batch over the whole video; null between batches. */
  readonly currentBatch: number | null;
}

/** When things happened, in milliseconds since 1970. */
interface LaneTimes {
  readonly startMs: number;
  readonly nowMs: number;
}

/** `worker_<n>_status.json`. */
export interface WorkerStatusFile {
  readonly version: 1;
  readonly worker_id: number;
  readonly status: LaneFacts['status'];
  readonly total_batches: number;
  readonly completed_batches: number;
  readonly current_batch: number | null;
  /** 0 to 100, with one decimal. */
  readonly progress_percent: number;
  /** ISO 8601, as all times. */
  readonly start_time: string;
  /** Null before the first batch is done, and when no more will be. */
  readonly estimated_completion: string | null;
  readonly updated_at: string;
}

/** The status document of one worker. */
export function workerStatusFile(lane: LaneFacts, { startMs, nowMs }: LaneTimes): WorkerStatusFile {
  const { totalBatches, completedBatches } = lane;
  const share = totalBatches === 0 ? 1 : Math.min(1, completedBatches / totalBatches);
  const endMs = share === 1 ? nowMs : startMs + (nowMs - startMs) / share;
  const isGoingOn = lane.status !== 'failed' && (lane.status !== 'stopped' || share === 1);
  return {
    version: 1,
    worker_id: lane.lane,
    status: lane.status,
    total_batches: totalBatches,
    completed_batches: completedBatches,
    current_batch: lane.currentBatch,
    progress_percent: Math.floor(share * 1000) / 10,
    start_time: isoTime(startMs),
    estimated_completion: isGoingOn && share > 0 ? isoTime(endMs) : null,
    updated_at: isoTime(nowMs),
  };
}

/** The last time that ISO 8601 can write without more digits bounds guesses from next to nothing. */
function isoTime(ms: number): string {
  return new Date(Math.min(ms, Date.UTC(9999, 11, 31))).toISOString();
}
