import type { Box } from '../core/regions/place-region.ts';
import type { Clip, Encoding, SegmentTask, UpscalerSpec } from '../protocol/segment.ts';

/** What is to be tried: an engine, as a worker would use it, on a video of this machine. */
export interface TrialRequest {
  readonly sourcePath: string;
  readonly spec: Pick<UpscalerSpec, 'kind' | 'scale' | 'batch_size' | 'tile'>;
  /** Absolute; null for an engine without a model. */
  readonly modelPath: string | null;
}

/** How frames lie in the pictures that are made of them. */
export interface CutRequest {
  readonly clip: Clip;
  /** In pixels of the clip's target. */
  readonly boxes: readonly Box[];
  /** Clockwise: how far a player turns the frames. */
  readonly turnDegrees: 0 | 90 | 180 | 270;
}

/** Parts of the first frame of a segment's file as PNG files, in RGB of 8 bits, turned as a player turns it. */
export type CutPictures = (
  path: string,
  cuts: CutRequest,
  signal: AbortSignal,
) => Promise<readonly Uint8Array[]>;

/** An engine that has started. */
export interface UpscaleTrial {
  /** How many times larger it makes frames by itself. */
  readonly scale: number;
  /** Parts of the first frame of a task as PNG files: the larger frame's pixels as an encoder would be given them. */
  pictures(task: SegmentTask, cuts: Omit<CutRequest, 'clip'>): Promise<readonly Uint8Array[]>;
  /** Makes segments side by side, as a worker does, and throws them away. @returns the milliseconds that took. */
  time(tasks: readonly SegmentTask[], encoding: Encoding): Promise<number>;
}

/**
 * Starts an engine in this process, with the program that a worker uses, and ends it when `use` does.
 *
 * @throws AppError `model-unreadable`, `prerequisite-missing` for an engine that cannot start; as a segment's for what cannot
 * be made; the signal's reason.
 */
export type TryUpscaling = <T>(
  request: TrialRequest,
  signal: AbortSignal,
  use: (trial: UpscaleTrial) => Promise<T>,
) => Promise<T>;
