import { open } from 'node:fs/promises';
import { messageOf } from '../../errors/app-error.ts';
import type { SegmentCheck } from '../../ports/video-tool.ts';
import { type FfmpegOptions, ProgramRefusedError, readLines } from '../ffmpeg/run-ffmpeg.ts';
import { asFileUrl, guardedInputOptions } from '../ffmpeg/source-file.ts';
import { FileTooShortError } from '../files/bounded-read.ts';
import { Mp4FormatError } from '../mp4/boxes.ts';
import { readSegmentSamples } from '../mp4/samples.ts';

/** A decoder pads the sides of pictures, in pixels. */
const padding = 128;

/** As `VideoTool.checkSegment`. */
export async function checkSegment(check: SegmentCheck, options: FfmpegOptions): Promise<string | null> {
  try {
    const reason = await checkIndex(check);
    return reason ?? (check.isDecoded ? await checkFrames(check, options) : null);
  } catch (error) {
    const isDamage = error instanceof Mp4FormatError || error instanceof FileTooShortError;
    if (isDamage || error instanceof RangeError) return messageOf(error);
    if (error instanceof ProgramRefusedError) return 'its frames cannot be decoded';
    throw error;
  }
}

async function checkIndex({ path, frames, size, codec }: SegmentCheck): Promise<string | null> {
  await using file = await open(path, 'r');
  const { table, pictures, codec: found } = await readSegmentSamples(file, frames);
  if (found !== codec) return `it is ${found} instead of ${codec}`;
  if (table.keys[0] !== 1) return 'it does not begin with a key frame';
  const { width, height } = pictures;
  if (width === size.width && height === size.height) return null;
  return `its frames are ${width}x${height} instead of ${size.width}x${size.height}`;
}

async function checkFrames(check: SegmentCheck, options: FfmpegOptions): Promise<string | null> {
  const { path, frames, size, sizeBytes } = check;
  const mostPixels = (size.width + padding) * (size.height + padding);
  const lines = readLines({
    ...options,
    program: 'ffmpeg',
    arguments: [
      ...['-nostdin', '-v', 'error', '-xerror', '-threads', '2', ...guardedInputOptions],
      ...['-max_pixels', String(mostPixels), '-i', asFileUrl(path), '-map', '0:v:0'],
      ...['-fps_mode', 'passthrough', '-f', 'framecrc', 'pipe:1'],
    ],
    doing: 'Decoding a segment',
    workBytes: sizeBytes,
  });
  let found = 0;
  for await (const line of lines) if (/^\d+,/.test(line)) found += 1;
  return found === frames ? null : `${found} of its ${frames} frames can be decoded`;
}
