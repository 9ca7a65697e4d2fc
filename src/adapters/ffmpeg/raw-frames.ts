import type { Writable } from 'node:stream';
import { type FrameFormat, frameBytes } from '../../core/frames/frame-format.ts';

/** Flags of the scaler wherever colours are converted: exact, and the same on every processor. */
export const exactScaling = 'accurate_rnd+full_chroma_int+full_chroma_inp+bitexact';

/** Options by which ffmpeg reads raw frames from its stdin, each as soon as it is there. They need a lead-in. */
export function rawInput({ width, height, pixelFormat }: FrameFormat, frameRate: string): readonly string[] {
  return [
    ...['-probesize', '32', '-analyzeduration', '0', '-f', 'rawvideo', '-pixel_format', pixelFormat],
    ...['-video_size', `${width}x${height}`, '-framerate', frameRate, '-i', 'pipe:0'],
  ];
}

/**
 * Options by which ffmpeg writes raw frames to its stdout, each at once. With more threads the copying that is called
 * encoding here would hold a frame back until the next one comes.
 */
export const rawOutput: readonly string[] = [
  ...['-c:v', 'rawvideo', '-threads:v', '1', '-f', 'rawvideo', '-flush_packets', '1', 'pipe:1'],
];

/**
 * ffmpeg looks for an ID3 tag in the first bytes of every input, raw frames included: it waits until it has these many,
 * and takes pixels that look like a tag for one. So black frames that hold them go ahead, and are dropped again.
 */
const probedBytes = 10;

const zeros = new Uint8Array(64 * 1024);

/** How many frames go ahead of those that count; at least one. */
export function leadInFrames(format: FrameFormat): number {
  return Math.ceil(probedBytes / frameBytes(format));
}

/** The filter that drops them, each as it comes. Times continue from theirs. */
export function dropLeadIn(format: FrameFormat): string {
  return `trim=start_frame=${leadInFrames(format)}`;
}

/** Queues them, from one small buffer however large they are. A pipe that breaks shows with the next frame. */
export function writeLeadIn(pipe: Writable, format: FrameFormat): void {
  let left = leadInFrames(format) * frameBytes(format);
  for (; left > 0; left -= zeros.length) pipe.write(left < zeros.length ? zeros.subarray(0, left) : zeros);
}

/** Resolves when the pipe has taken the whole frame; rejects with the pipe's error when its reader is gone. */
export async function writeFrame(pipe: Writable, frame: Uint8Array): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  pipe.write(frame, (error) => (error ? reject(error) : resolve()));
  await promise;
}

interface CutOptions {
  /** Bytes of one frame, at least 1. */
  readonly frameBytes: number;
  /** Which frames are given on, by their number from 0; all unless given. Others are dropped without a copy. */
  readonly isWanted?: (frame: number) => boolean;
  /** Gives the memory for a frame, `frameBytes` of it; new memory for each unless given. */
  readonly allocate?: () => Uint8Array;
}

/**
 * Cuts a stream of bytes into frames of a fixed size. Each byte is copied once: pipes are read in pieces that are
 * smaller than a frame.
 *
 * @param pieces - None at all is a stream that ends at once.
 * @returns Bytes of a last frame that is not whole: 0 when the stream ended between two frames.
 */
export async function* exactFrames(
  pieces: AsyncIterable<Uint8Array> | undefined,
  options: CutOptions,
): AsyncGenerator<Uint8Array, number> {
  const { frameBytes, isWanted = () => true } = options;
  const allocate = options.allocate ?? (() => Buffer.allocUnsafeSlow(frameBytes));
  let number = 0;
  let filled = 0;
  let frame = isWanted(number) ? allocate() : null;
  for await (const piece of pieces ?? []) {
    for (let at = 0; at < piece.length; ) {
      const taken = Math.min(frameBytes - filled, piece.length - at);
      frame?.set(piece.subarray(at, at + taken), filled);
      at += taken;
      filled += taken;
      if (filled < frameBytes) continue;
      if (frame) yield frame;
      number += 1;
      filled = 0;
      frame = isWanted(number) ? allocate() : null;
    }
  }
  return filled;
}
