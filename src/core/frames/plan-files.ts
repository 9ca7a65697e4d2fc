import { batchesOfLane, batchRange, countBatches } from './batches.ts';

const planVersion = 1;

interface PlanInput {
  readonly frames: number;
  /** Numbers of the frames that are upscaled, ascending; the first is 0 where there is any frame. */
  readonly uniqueFrames: Int32Array;
}

/**
 * `parallel_processing_plan.json` as text in chunks, so that the length of the video does not matter. Frames flow
 * through pipes: where the format has a file's path there is the frame's name.
 */
export function processingPlan(input: PlanInput): Iterable<string> {
  return inChunks(planParts(input));
}

function* planParts({ frames, uniqueFrames }: PlanInput): Generator<string> {
  yield `{\n  "version": ${planVersion},\n  "frames_to_process": [`;
  for (const [index, frame] of uniqueFrames.entries()) yield `${separator(index, 4)}"${frameName(frame)}"`;
  yield '\n  ],\n  "frame_output_mapping": {';
  let unique = 0;
  for (let frame = 0; frame < frames; frame++) {
    const next = uniqueFrames[unique + 1];
    if (next !== undefined && next <= frame) unique++;
    yield `${separator(frame, 4)}"${frame}": ${JSON.stringify(mappingOf(frame, uniqueFrames[unique] ?? 0))}`;
  }
  yield `\n  },\n  "stats": ${JSON.stringify(statsOf(frames, uniqueFrames.length))}\n}\n`;
}

function separator(index: number, indent: number): string {
  return `${index === 0 ? '' : ','}\n${' '.repeat(indent)}`;
}

function mappingOf(frame: number, unique: number) {
  const name = frameName(frame);
  return {
    input_path: name,
    unique_frame: frameName(unique),
    output_path: name,
    is_duplicate: frame !== unique,
  };
}

function statsOf(frames: number, uniqueFrames: number) {
  const duplicates = frames - uniqueFrames;
  return {
    total_frames: frames,
    unique_frames: uniqueFrames,
    duplicates,
    duplicate_percentage: frames === 0 ? 0 : Math.round((10_000 * duplicates) / frames) / 100,
    parallel_jobs: uniqueFrames,
  };
}

/**
 * The name of a frame in files that people read: `frame_000001` is the first one. Numbers beyond a million have more
 * digits.
 *
 * @param frame - Number of the frame, from 0.
 */
export function frameName(frame: number): string {
  return `frame_${String(frame + 1).padStart(6, '0')}`;
}

/** Joins short texts to chunks worth writing. */
export function* inChunks(texts: Iterable<string>, chunkLength = 65_536): Generator<string> {
  let chunk = '';
  for (const text of texts) {
    chunk += text;
    if (chunk.length < chunkLength) continue;
    yield chunk;
    chunk = '';
  }
  if (chunk !== '') yield chunk;
}

interface ManifestInput {
  /** Numbers of the frames that are upscaled, ascending. */
  readonly uniqueFrames: Int32Array;
  /** Workers side by side; each has a manifest. */
  readonly workers: number;
  readonly batchSize: number;
  readonly scale: number;
  /** Side of a tile in pixels; 0 for whole frames. */
  readonly tile: number;
}

/**
 * `worker_<n>_manifest.txt`: the batches of one worker with the names of their frames, as text in chunks, so that its
 * size does not matter.
 */
export function workerManifest(worker: number, input: ManifestInput): Iterable<string> {
  return inChunks(manifestParts(worker, input));
}

function* manifestParts(worker: number, input: ManifestInput): Generator<string> {
  const { uniqueFrames, workers, batchSize, scale, tile } = input;
  const batches = countBatches(uniqueFrames.length, batchSize);
  yield `# Worker ${worker} Manifest - Batches:`;
  for (let batch = worker; batch < batches; batch += workers) yield `${batch === worker ? '' : ','} ${batch}`;
  yield `\n# Scale: ${scale}x, Batch Size: ${batchSize}, Patch Size: ${tile}\n`;
  yield `# Total Batches: ${batchesOfLane(worker, workers, 0, batches)}\n\n`;
  for (let batch = worker; batch < batches; batch += workers) {
    const { first, last } = batchRange(batch, uniqueFrames.length, batchSize);
    yield `batch_${batch}`;
    for (let unique = first; unique <= last; unique++) yield `,${frameName(uniqueFrames[unique] ?? 0)}`;
    yield '\n';
  }
}

/** What a status file says of one lane of the engine, with its share of the video's batches. */
export interface LaneShare {
  readonly lane: number;
  readonly status: 'loading' | 'idle' | 'processing' | 'stopped' | 'failed';
  readonly totalBatches: number;
  readonly completedBatches: number;
  /** Number of the batch over the whole video; null between batches. */
  readonly currentBatch: number | null;
}

/** `worker_<n>_status.json`. */
export interface WorkerStatusFile {
  readonly version: 1;
  readonly worker_id: number;
  readonly status: LaneShare['status'];
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

/** The status document of one worker. Times are milliseconds since 1970. */
export function workerStatusFile(
  lane: LaneShare,
  { startMs, nowMs }: { readonly startMs: number; readonly nowMs: number },
): WorkerStatusFile {
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
