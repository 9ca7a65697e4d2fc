import type { FrameFormat } from '../../core/frames/frame-format.ts';
import type { Clip } from '../../protocol/segment.ts';

/** A frame format of a manifest in the words of the code. */
export function asFrameFormat({ width, height, pixel_format }: Clip['frame']): FrameFormat {
  return { width, height, pixelFormat: pixel_format };
}

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
