import { rm } from 'node:fs/promises';
import { type FfmpegOptions, readText } from '../../ffmpeg/run-ffmpeg.ts';
import { asFileUrl, guardedInputOptions } from '../../ffmpeg/source-file.ts';
import { temporaryPathFor } from '../../files/publish-file.ts';
import { type Cover, coverStreams, type SkeletonRequest } from './skeleton-command.ts';

const kinds: Readonly<Record<string, { readonly ending: string; readonly mimeType: string }>> = {
  png: { ending: 'png', mimeType: 'image/png' },
  mjpeg: { ending: 'jpg', mimeType: 'image/jpeg' },
  bmp: { ending: 'bmp', mimeType: 'image/bmp' },
  gif: { ending: 'gif', mimeType: 'image/gif' },
  tiff: { ending: 'tif', mimeType: 'image/tiff' },
  webp: { ending: 'webp', mimeType: 'image/webp' },
};

/** Writes the cover pictures to files beside `targetPath`, which are removed when `use` is done. */
export async function withCovers(
  request: SkeletonRequest,
  targetPath: string,
  options: FfmpegOptions,
  use: (covers: readonly Cover[]) => Promise<void>,
): Promise<void> {
  const covers: Cover[] = [];
  try {
    for (const stream of coverStreams(request)) {
      const cover = describeCover(request, stream, temporaryPathFor(targetPath), covers.length);
      covers.push(cover);
      await extract(request.source.path, stream, cover.path, options);
    }
    await use(covers);
  } finally {
    for (const { path } of covers) await rm(path, { force: true });
  }
}

function describeCover(
  { source, streams }: SkeletonRequest,
  stream: number,
  path: string,
  before: number,
): Cover {
  const codec = source.facts.others.find(({ index }) => index === stream)?.codec ?? '';
  const { ending, mimeType } = kinds[codec] ?? { ending: 'bin', mimeType: 'application/octet-stream' };
  const named = streams.find(({ index }) => index === stream)?.tags['filename'];
  return {
    path,
    name: typeof named === 'string' ? named : `cover${before > 0 ? `_${before + 1}` : ''}.${ending}`,
    mimeType,
  };
}

async function extract(
  sourcePath: string,
  stream: number,
  targetPath: string,
  options: FfmpegOptions,
): Promise<void> {
  await readText({
    ...options,
    program: 'ffmpeg',
    arguments: [
      ...['-nostdin', '-v', 'error', '-y', ...guardedInputOptions, '-i', asFileUrl(sourcePath)],
      ...['-map', `0:${stream}`, '-c', 'copy', '-frames:v', '1', '-f', 'data', asFileUrl(targetPath)],
    ],
    doing: 'Taking over the cover picture',
    target: targetPath,
  });
}
