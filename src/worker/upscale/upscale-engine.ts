import type { FrameFormat } from '../../core/frames/frame-format.ts';
import type { Clip } from '../../protocol/segment.ts';
import type { Lane } from './lane.ts';

/** How much a lane takes at once: what is made smaller when memory runs out. */
export interface LaneSize {
  /** Frames at once, at least 1. */
  readonly batchSize: number;
  /** Side of the tiles in pixels of the source; 0: whole frames. */
  readonly tile: number;
}

/** What a lane is to do. */
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
 * Whatever enlarges frames, as processes of its own: no call keeps this process from answering others.
 *
 * All calls stop soon after `signal` aborts, which also ends the lanes that were started with it, and then reject with
 * its reason. What never can work (a missing program, a model that cannot be read) is an `EngineError` of class `fatal`.
 */
export interface UpscaleEngine {
  /** How many times larger each side gets. */
  readonly scale: number;
  /** The smallest tile it can work in, in pixels of the source; null when it knows no tiles. */
  readonly minTile: number | null;
  /** Whether it is worth a probe how many lanes are the fastest. */
  readonly isProbed: boolean;
  /** How long one frame may take before its lane counts as dead, in milliseconds. */
  readonly frameTimeoutMs: number;
  /** How many frames to give to a lane at once at best, where batches may be handed over in parts; at least 1. */
  callFrames(from: FrameFormat, to: FrameFormat, batchSize: number): number;
  /** What becomes of frames of the format `from`, which are those of `clip` unless that is null. */
  outputFormat(from: FrameFormat, clip: Clip | null): FrameFormat;
  /** Finds out whether it can work at all. Called once, before the first lane. */
  start(signal: AbortSignal): Promise<void>;
  /** @throws LaneError when memory runs out, or the process dies, already at its start. */
  startLane(request: LaneRequest, signal: AbortSignal): Promise<Lane>;
  /** Frees what `start` took; lanes are closed by whoever started them. Safe to call twice. */
  stop(): Promise<void>;
}
