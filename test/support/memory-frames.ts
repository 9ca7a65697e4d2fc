import { writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { type FrameFormat, frameBytes } from '../../src/core/frames/frame-format.ts';
import type {
  DecodeRequest,
  EncodeRequest,
  FrameFilter,
  FrameSink,
  FrameTool,
  ResampleRequest,
} from '../../src/ports/frame-tool.ts';
import { type RetoucherSpec, retoucherSpecSchema } from '../../src/protocol/retouch.ts';
import type { SegmentTask, UpscalerSpec } from '../../src/protocol/segment.ts';
import {
  type Lane,
  LaneError,
  type LaneRequest,
  type UpscaleEngine,
} from '../../src/worker/upscale/upscale-engine.ts';

/** A spec of an engine that processes regions. */
export function sampleRetoucherSpec(more: Partial<RetoucherSpec> = {}): RetoucherSpec {
  return retoucherSpecSchema.parse({
    ...{ kind: 'blur', batch_size: 8, lanes: 1, model: null, strength: 100, color: '#ff0000' },
    ...{ dilate_px: 0, feather_px: 0 },
    encoding: { crf: 18, preset: 'medium', threads: 1 },
    ...more,
  });
}

/** A spec of an engine with `lanes` lanes and batches of 8. */
export function sampleUpscalerSpec(more: Partial<UpscalerSpec> = {}): UpscalerSpec {
  return {
    kind: 'lanczos',
    scale: 2,
    batch_size: 8,
    lanes: 2,
    is_lane_count_open: false,
    tile: 0,
    model: null,
    encoding: { crf: 18, preset: 'ultrafast', threads: 1 },
    ...more,
  };
}

/** A segment of gray frames of 16x16 that become 32x32, each shown once unless told. */
export function sampleSegment(more: Partial<SegmentTask> = {}): SegmentTask {
  const rate = { numerator: 24, denominator: 1 };
  return {
    task_key: 'a'.repeat(64),
    name: 'clip.mp4, frames 1 to 20',
    segment_id: 0,
    first_batch: 0,
    clip: {
      source: 'b'.repeat(64),
      stream: 0,
      is_turned: false,
      frame: { width: 16, height: 16, pixel_format: 'gray' },
      target: { width: 32, height: 32, pixel_format: 'gray' },
      frame_rate: rate,
      time_base: { numerator: 1, denominator: 24 },
      sample_aspect: { numerator: 1, denominator: 1 },
      color: { range: null, space: null, primaries: null, transfer: null, chroma_location: null },
    },
    seek_time: null,
    first_time: 0,
    end_time: null,
    repeats: new Array<number>(20).fill(1),
    ...more,
  };
}

/**
 * A {@link FrameTool} without programs: a decoded frame is filled with its number, and an encoded file holds the first
 * byte of each frame that was written.
 */
export class MemoryFrames implements FrameTool {
  /** Frames that were decoded, and frames that were written, over all segments. */
  decoded = 0;
  written = 0;
  /** The most frames that were decoded and not yet written. */
  mostWaiting = 0;
  /** Gives this error after so many frames of a segment. */
  decodeFailure: { readonly after: number; readonly error: Error } | null = null;
  encodeFailures: { readonly after: number; readonly error: Error }[] = [];
  /** How long the encoder takes for one frame. */
  encodeMs = 0;
  /** Signals that were given to programs: aborted ones have ended. */
  readonly open = new Set<object>();

  async *decode({ segment }: DecodeRequest, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const { width, height, pixel_format: pixelFormat } = segment.clip.frame;
    const program = {};
    this.open.add(program);
    try {
      for (const [at] of segment.repeats.entries()) {
        await turn(signal);
        if (this.decodeFailure?.after === at) throw this.decodeFailure.error;
        this.decoded += 1;
        this.mostWaiting = Math.max(this.mostWaiting, this.decoded - this.written);
        yield new Uint8Array(frameBytes({ width, height, pixelFormat })).fill((segment.first_time ?? 0) + at);
      }
    } finally {
      this.open.delete(program);
    }
  }

  startScaling(_from: FrameFormat, to: FrameFormat): FrameFilter {
    return {
      filter: async (frames) => frames.map((frame) => enlarge(frame, to)),
      close: async () => undefined,
    };
  }

  async resample({ segment, path, onFrames }: ResampleRequest, signal: AbortSignal): Promise<void> {
    const frames = await Array.fromAsync(this.decode({ sourcePath: '', segment }, signal));
    onFrames(frames.length - 2);
    await writeFile(
      path,
      Uint8Array.from(frames, (frame) => frame[0] ?? 0),
    );
  }

  encode({ path, frame: format }: EncodeRequest, signal: AbortSignal): FrameSink {
    const program = {};
    this.open.add(program);
    const end = () => this.open.delete(program);
    signal.addEventListener('abort', end, { once: true });
    const failure = this.encodeFailures.shift();
    const bytes: number[] = [];
    return {
      write: async (frame) => {
        await (this.encodeMs > 0 ? delay(this.encodeMs, undefined, { signal }) : turn(signal));
        if (frame.length !== frameBytes(format)) throw new Error('a frame of another size was written');
        if (bytes.length === 0) await writeFile(path, 'under way');
        if (failure?.after === bytes.length) throw failure.error;
        bytes.push(frame[0] ?? 0);
        this.written += 1;
      },
      finish: async () => {
        end();
        signal.throwIfAborted();
        await writeFile(path, Uint8Array.from(bytes));
      },
    };
  }
}

/** What a stand-in lane does with one call; what it returns is waited for, what it throws is thrown. */
export type LaneScript = (call: {
  readonly request: LaneRequest;
  readonly frames: readonly Uint8Array[];
  /** Calls so far, over all lanes. */
  readonly calls: number;
}) => Promise<void> | void;

/** An {@link UpscaleEngine} without processes that does as it is told. */
export class ScriptedEngine implements UpscaleEngine {
  readonly scale = 2;
  readonly minTile: number | null;
  isProbed = false;
  isResampling = false;
  frameTimeoutMs = 10_000;
  callsAtOnce = 1;
  calls = 0;
  starts: LaneRequest[] = [];
  openLanes = 0;
  startFailure: Error | null = null;
  readonly #script: LaneScript;

  constructor(script: LaneScript = () => undefined, minTile: number | null = null) {
    this.#script = script;
    this.minTile = minTile;
  }

  callFrames(_from: FrameFormat, _to: FrameFormat, batchSize: number): number {
    return batchSize;
  }

  outputFormat({ width, height, pixelFormat }: FrameFormat): FrameFormat {
    return { width: 2 * width, height: 2 * height, pixelFormat };
  }

  async start(): Promise<void> {
    if (this.startFailure) throw this.startFailure;
  }

  async startLane(request: LaneRequest, signal: AbortSignal): Promise<Lane> {
    await turn(signal);
    this.starts.push(request);
    this.openLanes += 1;
    const ended = Promise.withResolvers<never>();
    ended.promise.catch(() => undefined);
    let isOpen = true;
    return {
      ...request.size,
      upscale: async (frames) => {
        this.calls += 1;
        const work = async () => await this.#script({ request, frames, calls: this.calls });
        await Promise.race([work(), ended.promise]);
        return frames.map((frame) => enlarge(frame, request.to));
      },
      close: async () => {
        if (isOpen) this.openLanes -= 1;
        isOpen = false;
        ended.reject(new LaneError('died', 'The lane was closed.'));
      },
    };
  }

  async stop(): Promise<void> {}
}

function enlarge(frame: Uint8Array, to: FrameFormat): Uint8Array {
  return new Uint8Array(frameBytes(to)).fill(frame[0] ?? 0);
}

async function turn(signal: AbortSignal): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  signal.throwIfAborted();
}
