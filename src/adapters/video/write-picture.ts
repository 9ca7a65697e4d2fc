import { stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { pixelFamily } from '../../core/frames/pixel-family.ts';
import { type FfmpegOptions, readText } from '../ffmpeg/run-ffmpeg.ts';
import { asFileUrl, sourceOptions } from '../ffmpeg/source-file.ts';
import { hasContent, hashFile } from '../files/hash-file.ts';
import { publishFileBy } from '../files/publish-file.ts';
import { unlessMissing } from '../files/unless-missing.ts';
import { outputExists } from './assembly/assembly-errors.ts';

interface PictureToWrite {
  readonly videoPath: string;
  readonly picturePath: string;
  readonly mayReplace: boolean;
  /** Of the video, by ffmpeg's name. */
  readonly pixelFormat: string;
}

/** By the ending: how such a file is encoded. */
const encoders: Readonly<Record<string, readonly string[]>> = {
  '.png': ['-c:v', 'png'],
  '.jpg': ['-c:v', 'mjpeg', '-q:v', '2'],
  '.jpeg': ['-c:v', 'mjpeg', '-q:v', '2'],
  '.webp': ['-c:v', 'libwebp', '-quality', '95'],
};

/** As `VideoTool.writePicture`. */
export async function writePicture(
  { videoPath, picturePath, mayReplace, pixelFormat }: PictureToWrite,
  options: FfmpegOptions,
): Promise<{ readonly sizeBytes: number }> {
  const ending = extname(picturePath).toLowerCase();
  const isThere = (await unlessMissing(stat(picturePath))) !== null;
  await publishFileBy(picturePath, async (temporary) => {
    await readText({
      ...options,
      program: 'ffmpeg',
      arguments: [
        ...['-nostdin', '-v', 'error', '-y', ...sourceOptions, '-i', asFileUrl(videoPath)],
        ...['-map', '0:v:0', '-frames:v', '1', ...pictureEncoder(ending, pixelFormat)],
        ...['-f', 'image2', '-update', '1', asFileUrl(temporary)],
      ],
      doing: `Writing ${picturePath}`,
      target: temporary,
    });
    // An earlier session may have been killed right after it gave the picture its name.
    if (isThere && !mayReplace && !(await hasContent(picturePath, await hashFile(temporary))))
      throw outputExists(picturePath);
  });
  return { sizeBytes: (await stat(picturePath)).size };
}

/** Options that encode frames as pictures. @param ending - Of their names. @param pixelFormat - Of the frames, by ffmpeg's name. */
export function pictureEncoder(ending: string, pixelFormat: string): readonly string[] {
  const folded = ending.toLowerCase();
  return [
    ...['-map_metadata', '-1', '-pix_fmt', storedFormat(folded, pixelFormat)],
    ...(encoders[folded] ?? encoders['.png'] ?? []),
    ...['-flags:v', '+bitexact'],
  ];
}

/** PNG holds three colours or gray, of 8 and 16 bits; the others 8 bits of luma and chroma. */
function storedFormat(ending: string, pixelFormat: string): string {
  if (ending === '.webp') return 'yuv420p';
  if (ending !== '.png') return 'yuvj444p';
  const { bits = 8, sampling = '444' } = pixelFamily(pixelFormat) ?? {};
  // Twelve bits are eight and what turning colours into luma and chroma takes.
  if (sampling === 'gray') return bits > 8 ? 'gray16be' : 'gray';
  return bits > 12 ? 'rgb48be' : 'rgb24';
}
