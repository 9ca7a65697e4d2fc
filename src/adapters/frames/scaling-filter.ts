import { type FrameFormat, frameBytes } from '../../core/frames/frame-format.ts';
import type { AppError } from '../../errors/app-error.ts';
import type { FrameFilter } from '../../ports/frame-tool.ts';
import type { Clip } from '../../protocol/segment.ts';
import { framesFailed } from '../ffmpeg/failures.ts';
import {
  dropLeadIn,
  exactFrames,
  exactScaling,
  rawInput,
  rawOutput,
  writeFrame,
  writeLeadIn,
} from '../ffmpeg/raw-frames.ts';
import { PipedChild } from '../piped-child.ts';
import { chromaPositions, isRgb, rangeOf } from './color.ts';

/** Frames from `from` to `to`, without a wait for the frame that follows. */
function scalingArguments(from: FrameFormat, to: FrameFormat, clip: Clip | null): readonly string[] {
  return [
    // One thread: lanes run side by side, each on a core of its own.
    ...['-nostdin', '-v', 'error', '-filter_threads', '1', '-filter_complex_threads', '1'],
    ...rawInput(from, '25'),
    ...['-filter_complex', `[0:v]${dropLeadIn(from)},${scalingGraph(from, to, clip)}[out]`, '-map', '[out]'],
    ...['-fps_mode', 'passthrough', ...rawOutput],
  ];
}

/** Lanczos scaling by an ffmpeg that runs until it is closed. */
export class ScalingFilter implements FrameFilter {
  readonly #child: PipedChild;
  readonly #frames: AsyncGenerator<Uint8Array, number>;
  readonly #signal: AbortSignal;
  readonly #doing: string;

  constructor(program: string, from: FrameFormat, to: FrameFormat, clip: Clip | null, signal: AbortSignal) {
    signal.throwIfAborted();
    const options = { hasInput: true, outputs: 1, signal } as const;
    this.#child = new PipedChild(program, scalingArguments(from, to, clip), options);
    writeLeadIn(this.#child.input, from);
    this.#frames = exactFrames(this.#child.outputs[0], { frameBytes: frameBytes(to) });
    this.#signal = signal;
    this.#doing = `Scaling from ${from.width}x${from.height} to ${to.width}x${to.height}`;
  }

  async filter(frames: readonly Uint8Array[]): Promise<Uint8Array[]> {
    this.#signal.throwIfAborted();
    // Written while the results are read: neither pipe holds a whole frame.
    const written = Promise.allSettled(frames.map((frame) => writeFrame(this.#child.input, frame)));
    const results: Uint8Array[] = [];
    while (results.length < frames.length) {
      const frame = await this.#next();
      if (!frame) throw await this.#failure();
      results.push(frame);
    }
    await written;
    return results;
  }

  async close(): Promise<void> {
    await this.#child.stop();
  }

  async #next(): Promise<Uint8Array | null> {
    try {
      const next = await this.#frames.next();
      return next.done ? null : next.value;
    } catch {
      // The pipe broke; why is known when the program is gone.
      return null;
    }
  }

  async #failure(): Promise<AppError> {
    await this.#child.stop();
    this.#signal.throwIfAborted();
    return framesFailed(this.#child.program, this.#doing, await this.#child.ended);
  }
}

/**
 * The filters that scale frames with Lanczos kernels and keep everything else: the values' range, where chroma sits,
 * the pixel format.
 */
export function scalingGraph(from: FrameFormat, to: FrameFormat, clip: Clip | null): string {
  const size = `scale=${to.width}:${to.height}:flags=lanczos+${exactScaling}`;
  if (isRgb(from.pixelFormat)) return rgbGraph(from.pixelFormat, size, to.pixelFormat);
  const range = rangeOf(clip);
  const positions = chromaPositions(from.pixelFormat, clip);
  const options = [size, `in_range=${range}`, `out_range=${range}`, ...positions];
  return `${options.join(':')},format=${to.pixelFormat}`;
}

/** The scaler takes RGB through YUV, which rounds; so each colour is scaled as a gray picture of its own. */
function rgbGraph(format: string, size: string, to: string): string {
  const planar = format.startsWith('rgb48') ? 'gbrp16le' : 'gbrp';
  return [
    `format=${planar},extractplanes=r+g+b[r][g][b]`,
    `[g]${size}[gs]`,
    `[b]${size}[bs]`,
    `[r]${size}[rs]`,
    `[gs][bs][rs]mergeplanes=map1s=1:map2s=2:format=${planar},format=${to}`,
  ].join(';');
}
