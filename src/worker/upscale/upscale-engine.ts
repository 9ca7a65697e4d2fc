import type { FrameFormat } from '../../core/frames/frame-format.ts';
import type { Clip } from '../../protocol/segment.ts';

/** How much a lane takes at once: what is made smaller when memory runs out. */
export interface LaneSize {
  /** Frames at once, at least 1. */
  readonly batchSize: number;
  /** Side of the tiles in pixels of the source; 0: whole frames. */
  readonly tile: number;
}

export interface LaneRequest {
  /** Frames as it gets them … */
  readonly from: FrameFormat;
  /** … and as it gives them: `outputFormat(from, clip)`. */
  readonly to: FrameFormat;
  /** The clip that the frames are of; null for pictures of their own. */
  readonly clip: Clip | null;
  readonly size: LaneSize;
  /** Number of this lane, from 0 … */
  readonly lane: number;
  /** … and how many there are beside each other, which share the machine's cores. */
  readonly lanes: number;
}

/**
 * Enlarges frames in processes of its own: no call keeps this process from answering others.
 *
 * All calls stop soon after `signal` aborts, which also ends the lanes that were started with it, and then reject with
 * its reason. What never can work (a missing program, a model that cannot be read) is an `EngineError` of class `fatal`.
 */
export interface UpscaleEngine {
  readonly scale: number;
  /** The smallest tile it can work in, in pixels of the source; null when it knows no tiles. */
  readonly minTile: number | null;
  /** Whether it is worth a probe how many lanes are the fastest. */
  readonly isProbed: boolean;
  /** Whether it resamples frames with Lanczos kernels, which the frame tool can do along with decoding and encoding. */
  readonly isResampling?: boolean;
  /** How long one frame may take before its lane counts as dead, in milliseconds. */
  readonly frameTimeoutMs: number;
  /** How many calls of a lane are best under way at a time, so that it never waits for the next frames. Missing: 1. */
  readonly callsAtOnce?: number;
  /** How many frames to give to a lane at once at best, where batches may be split; at least 1. */
  callFrames(from: FrameFormat, to: FrameFormat, batchSize: number): number;
  /** What becomes of frames of the format `from`, which are those of `clip` unless that is null. */
  outputFormat(from: FrameFormat, clip: Clip | null): FrameFormat;
  /** Finds out whether it can work at all. Called once, before the first lane. */
  start(signal: AbortSignal): Promise<void>;
  /** @throws LaneError when memory runs out, or the process dies, already at its start. */
  startLane(request: LaneRequest, signal: AbortSignal): Promise<Lane>;
  /** Frees what `start` took; lanes are closed by the caller that started them. Safe to call twice. */
  stop(): Promise<void>;
}

/** One engine process: frames in, as many larger frames out. */
export interface Lane {
  /** The most frames it takes at once. */
  readonly batchSize: number;
  /** Side of the tiles it works in, in pixels of the source; 0: whole frames. */
  readonly tile: number;
  /**
   * As many frames as were given, in their order. Calls may overlap, at most the engine's `callsAtOnce`. The given frames are not changed, and may be used
   * again when the call has ended.
   *
   * @param frames - At least one, at most `batchSize`.
   * @throws LaneError after which the lane is of no use any more, and only to be closed.
   */
  upscale(frames: readonly Uint8Array[]): Promise<Uint8Array[]>;
  /** Ends the process, also in the middle of a call, which then fails. Resolves when it is gone. Safe to call twice. */
  close(): Promise<void>;
}

/**
 * Why a lane has given up.
 * - `out-of-memory`: a smaller batch or tile may do.
 * - `died`: its process is gone and nothing was wrong with the frames, as far as one can tell; another one may do.
 * - `failed`: it refused; trying again unchanged is no use.
 */
type LaneErrorReason = 'out-of-memory' | 'died' | 'failed';

export class LaneError extends Error {
  readonly reason: LaneErrorReason;

  constructor(reason: LaneErrorReason, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'LaneError';
    this.reason = reason;
  }
}

/** A frame format as manifests write it. */
export function readFormat({ width, height, pixel_format: pixelFormat }: Clip['frame']): FrameFormat {
  return { width, height, pixelFormat };
}
