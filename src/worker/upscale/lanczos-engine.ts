import { within } from '../../async/deadline.ts';
import { type FrameFormat, frameBytes } from '../../core/frames/frame-format.ts';
import { AppError, messageOf } from '../../errors/app-error.ts';
import type { FrameFilter, FrameTool } from '../../ports/frame-tool.ts';
import type { Clip } from '../../protocol/segment.ts';
import { asEngineError } from '../tasks/engine-error.ts';
import { type Lane, LaneError, type LaneRequest, readFormat, type UpscaleEngine } from './upscale-engine.ts';

/** So much of upscaled frames at once keeps its program at work without a pause, measured from 360p to 4K. */
const callBytes = 16 * 1024 * 1024;

/** Enlarges frames with Lanczos kernels: no model, no start-up, and frames do not depend on how they are batched. */
export class LanczosEngine implements UpscaleEngine {
  readonly scale: number;
  readonly minTile = null;
  readonly isProbed = false;
  readonly isResampling = true;
  readonly frameTimeoutMs = 60_000;
  readonly #tool: FrameTool;

  constructor(scale: number, tool: FrameTool) {
    this.scale = scale;
    this.#tool = tool;
  }

  callFrames(_from: FrameFormat, to: FrameFormat, batchSize: number): number {
    return Math.max(1, Math.min(batchSize, Math.floor(callBytes / frameBytes(to))));
  }

  /** Frames of a clip become what the encoder keeps, in one step. */
  outputFormat({ width, height, pixelFormat }: FrameFormat, clip: Clip | null): FrameFormat {
    return clip
      ? readFormat(clip.target)
      : { width: width * this.scale, height: height * this.scale, pixelFormat };
  }

  /** Whether the program is there shows with the first frame. */
  async start(signal: AbortSignal): Promise<void> {
    const from: FrameFormat = { width: 16, height: 16, pixelFormat: 'gray' };
    const to = this.outputFormat(from, null);
    const filter = this.#tool.startScaling(from, to, null, signal);
    try {
      const trial = filter.filter([new Uint8Array(frameBytes(from))]);
      await within(
        this.frameTimeoutMs,
        trial,
        () => new LaneError('died', 'Scaling one frame took too long.'),
      );
    } catch (error) {
      signal.throwIfAborted();
      throw asEngineError(error, 'video-unreadable');
    } finally {
      await filter.close();
    }
  }

  async startLane({ from, to, clip, size }: LaneRequest, signal: AbortSignal): Promise<Lane> {
    signal.throwIfAborted();
    return laneOf(this.#tool.startScaling(from, to, clip, signal), size.batchSize, signal);
  }

  async stop(): Promise<void> {}
}

function laneOf(filter: FrameFilter, batchSize: number, signal: AbortSignal): Lane {
  return {
    batchSize,
    tile: 0,
    upscale: async (frames) => {
      try {
        return await filter.filter(frames);
      } catch (error) {
        if (signal.aborted || (error instanceof AppError && error.code === 'prerequisite-missing'))
          throw error;
        throw new LaneError('died', messageOf(error), error);
      }
    },
    close: () => filter.close(),
  };
}
