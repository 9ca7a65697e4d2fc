import type { Writable } from 'node:stream';
import { type FrameFormat, frameBytes } from '../../core/frames/frame-format.ts';

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

/** The filter that drops them, each as it comes. Times go on from theirs. */
export function dropLeadIn(format: FrameFormat): string {
  return `trim=start_frame=${leadInFrames(format)}`;
}

/** Queues them, from one small buffer however large they are. A pipe that breaks shows with the next frame. */
export function writeLeadIn(pipe: Writable, format: FrameFormat): void {
  let left = leadInFrames(format) * frameBytes(format);
  for (; left > 0; left -= zeros.length) pipe.write(left < zeros.length ? zeros.subarray(0, left) : zeros);
}
