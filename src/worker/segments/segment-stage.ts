import type { FrameFormat } from '../../core/frames/frame-format.ts';
import type { SegmentTask } from '../../protocol/segment.ts';
import type { LaneStatus } from '../../protocol/worker-status.ts';

/** Frames of one segment, in a row. */
export interface FrameJob {
  /** Jobs of a lower one go first; of equal ones the first that came. */
  readonly order: number;
  /** Number of the batch over the whole video. */
  readonly batch: number;
  /** Place of the first frame among the unique ones of its task, whose context comes first. */
  readonly firstUnique: number;
  /** Theirs are the job's from now on: they may be changed and given back. */
  readonly frames: readonly Uint8Array[];
  /** The job is dropped when it aborts. */
  readonly signal: AbortSignal;
}

/** What turns the frames of a segment into those of the result. */
export interface SegmentStage {
  /** Frames as they come, and as they are given on. */
  readonly from: FrameFormat;
  readonly to: FrameFormat;
  /** How many work side by side. */
  readonly processes: number;
  /** How many frames are best given at once, at most a batch. */
  readonly callFrames: number;
  /** How many of them each works on at a time. Missing: one. */
  readonly callsAtOnce?: number;
  /** So many frames after one may have to be given before what comes of it is given back. Missing: none. */
  readonly lookaheadFrames?: number;
  /** Whether frames are changed where they lie, so that what comes of one takes no memory of its own. Missing: no. */
  readonly isInPlace?: boolean;
  /** Whether it does nothing to frames but resample them with Lanczos kernels. Missing: no. */
  readonly isResampling?: boolean;
  /** What is taken at once by now. */
  readonly size: { readonly batchSize: number; readonly tile: number };
  /** As many frames as were given, in their order. Rejects with an `EngineError`, or the signal's reason. */
  run(job: FrameJob): Promise<Uint8Array[]>;
}

/** Gives each segment its stage. They live from the first segment to the last. */
export interface SegmentStages {
  /** Finds out whether any can work. Called once. */
  start(signal: AbortSignal): Promise<void>;
  using<T>(task: SegmentTask, signal: AbortSignal, work: (stage: SegmentStage) => Promise<T>): Promise<T>;
  /** What a lane is doing; null before there was a stage. */
  activity(lane: number): { readonly status: LaneStatus['status']; readonly batch: number | null } | null;
  /** Ends what is under way. Safe to call twice, as the next. */
  close(): Promise<void>;
  /** Frees what `start` took. */
  stop(): Promise<void>;
}
