import type { Size } from '../../core/hints/display-size.ts';
import { printable } from '../../core/printable.ts';
import { AppError } from '../../errors/app-error.ts';

/**
 * Most pixels of a frame of any file that ffmpeg is given: 16K, as H.264 holds it (16384x8704). A file of some kB can claim
 * far more, and each frame of it would take gigabytes.
 */
export const mostPixels = 16_384 * 8_704;

/** The same for videos that hints are made of: 8K. One ffmpeg takes 0.7 GB for the deepest of them. */
export const mostHintPixels = 8_192 * 4_608;

/** Frames up to this, twice 4K, are ordinary: as many are decoded at once as there are cores. */
export const ordinaryPixels = 4_096 * 4_096;

/** Frames that one ffmpeg may have in decoding at once, all threads together, in pixels: eight of 8K. */
const decodedAtOnce = 2 ** 28;

/** What decoders add to each side, at most. */
const padding = 64;

/** Options before an input whose frames are to have no more pixels than this, also where they change in the middle. */
export function pixelLimit(pixels: number): readonly string[] {
  return ['-max_pixels', String(pixels)];
}

/**
 * The same for a video of which one frame is known: later ones may be larger, but not without end. Large ones are decoded by
 * fewer threads, each of which has a frame of its own.
 */
export function limitsFor({ width, height }: Size): readonly string[] {
  const pixels = Math.max(ordinaryPixels, (width + padding) * (height + padding));
  return [...pixelLimit(Math.min(mostPixels, pixels)), ...threadsFor({ width, height })];
}

/** Options before an input whose frames are this large, which fewer threads decode where they are large. */
export function threadsFor({ width, height }: Size): readonly string[] {
  const pixels = width * height;
  return pixels <= ordinaryPixels
    ? []
    : ['-threads', String(Math.max(1, Math.floor(decodedAtOnce / pixels)))];
}

const refusal = /Picture size (\d+)x(\d+) (?:exceeds specified max pixel count|is invalid)/;

/** The size of a picture that was refused by {@link pixelLimit} or is too large for ffmpeg itself; null where none was. */
export function refusedSize(stderr: string): string | null {
  const [, width, height] = refusal.exec(stderr) ?? [];
  // Of streams that begin in the middle it says the same, with sides of 0.
  return Number(width) * Number(height) >= ordinaryPixels ? `${width}x${height}` : null;
}

/** A video with a frame that is larger than what is decoded. */
export class LargePictureError extends AppError {
  /** @param size - What {@link refusedSize} gave. @param most - What may be: {@link mostPixels}. */
  constructor(path: string, size: string, most: number) {
    const allowed = most === mostPixels ? '16384x8704' : '8192x4608';
    super({
      code: 'video-unreadable',
      message: `Cannot read the video ${printable(path)}: it has a frame of ${size}, and none larger than ${allowed} is decoded.`,
      nextStep:
        'Make it smaller first, for example with: ffmpeg -i VIDEO -vf scale=3840:-2 -crf 12 OTHER.mp4',
    });
  }
}
