import type { VideoCheckpoint } from './video-checkpoint.ts';

/** More than any encoder adds to a frame, to the file, and to what cannot be compressed. */
const frameSlackBytes = 64 * 1024;
const fileSlackBytes = 1024 * 1024;
const slackShare = 1.25;

/** Samples of all planes for each pixel, by what the name of a pixel format says of its chroma. */
const samplesPerPixel: readonly (readonly [pattern: RegExp, samples: number])[] = [
  [/^gray/, 1],
  [/420|nv12/, 1.5],
  [/422|nv16/, 2],
  [/444|nv24|rgb|gbr/, 3],
];

/**
 * What an encoded segment can reasonably have, in bytes: a little more than its frames have without any encoding.
 *
 * @param frames - Those that are shown; repeated ones count as well.
 */
export function mostSegmentBytes({ target }: VideoCheckpoint['clip'], frames: number): number {
  const { width, height, pixel_format: format } = target;
  const samples = samplesPerPixel.find(([pattern]) => pattern.test(format))?.[1] ?? 4;
  const bytesPerSample = /\d{1,2}(le|be)$/.test(format) ? 2 : 1;
  const frameBytes = width * height * samples * bytesPerSample * slackShare + frameSlackBytes;
  return Math.ceil(frames * frameBytes + fileSlackBytes);
}
