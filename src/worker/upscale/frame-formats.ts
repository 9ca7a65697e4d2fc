import { type FrameFormat, frameBytes } from '../../core/frames/frame-format.ts';
import type { Clip } from '../../protocol/segment.ts';

/** A frame format as manifests write it. */
type WrittenFormat = Clip['frame'];

export function readFormat({ width, height, pixel_format: pixelFormat }: WrittenFormat): FrameFormat {
  return { width, height, pixelFormat };
}

/** Bytes that one frame takes in memory before and after it is upscaled, together. */
export function bytesOfBoth(from: FrameFormat, to: FrameFormat): number {
  return frameBytes(from) + frameBytes(to);
}
