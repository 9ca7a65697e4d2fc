import { rm } from 'node:fs/promises';
import { asFileUrl, guardedInputOptions } from '../../ffmpeg/input-options.ts';
import { readOutput } from '../../ffmpeg/program-run.ts';
import type { ProgramOptions } from '../../ffmpeg/programs.ts';
import { temporaryPathFor } from '../../files/temporary-files.ts';
import type { SkeletonRequest } from './skeleton-request.ts';

/** A cover picture in a file of its own, to be attached. */
export interface Cover {
  readonly path: string;
  /** The name by which players of Matroska find it. */
  readonly name: string;
  readonly mimeType: string;
}

const kinds: Readonly<Record<string, { readonly ending: string; readonly mimeType: string }>> = {
  png: { ending: 'png', mimeType: 'image/png' },
  mjpeg: { ending: 'jpg', mimeType: 'image/jpeg' },
  bmp: { ending: 'bmp', mimeType: 'image/bmp' },
  gif: { ending: 'gif', mimeType: 'image/gif' },
  tiff: { ending: 'tif', mimeType: 'image/tiff' },
  webp: { ending: 'webp', mimeType: 'image/webp' },
};

/** Numbers of the source's streams that are cover pictures and stay; Matroska has them as attached files. */
export function coverStreams({ source, plans, container }: SkeletonRequest): readonly number[] {
  if (container !== 'mkv') return [];
  const pictures = source.facts.others.filter(({ isAttachedPicture }) => isAttachedPicture);
  const isKept = (index: number) => plans.some((plan) => plan.index === index && plan.action !== 'drop');
  return pictures.map(({ index }) => index).filter(isKept);
}

/** Writes the cover pictures to files beside `targetPath`, which are removed when `use` is done. */
export async function withCovers(
  request: SkeletonRequest,
  targetPath: string,
  options: ProgramOptions,
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
  { source, marks }: SkeletonRequest,
  stream: number,
  path: string,
  before: number,
): Cover {
  const codec = source.facts.others.find(({ index }) => index === stream)?.codec ?? '';
  const { ending, mimeType } = kinds[codec] ?? { ending: 'bin', mimeType: 'application/octet-stream' };
  const named = marks.find(({ index }) => index === stream)?.fileName;
  return { path, name: named ?? `cover${before > 0 ? `_${before + 1}` : ''}.${ending}`, mimeType };
}

async function extract(
  sourcePath: string,
  stream: number,
  targetPath: string,
  { programs, signal }: ProgramOptions,
): Promise<void> {
  await readOutput({
    program: programs.ffmpeg,
    arguments: [
      ...['-nostdin', '-v', 'error', '-y', ...guardedInputOptions, '-i', asFileUrl(sourcePath)],
      ...['-map', `0:${stream}`, '-c', 'copy', '-frames:v', '1', '-f', 'data', asFileUrl(targetPath)],
    ],
    doing: 'Taking over the cover picture',
    workBytes: 0,
    target: targetPath,
    signal,
  });
}
