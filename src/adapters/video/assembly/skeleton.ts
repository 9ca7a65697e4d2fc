import { rm, writeFile } from 'node:fs/promises';
import { AppError } from '../../../errors/app-error.ts';
import type { AssemblyRequest } from '../../../ports/video-tool.ts';
import { type FfmpegOptions, readText } from '../../ffmpeg/run-ffmpeg.ts';
import { asFileUrl, sourceOptions } from '../../ffmpeg/source-file.ts';
import { publishFileBy, temporaryPathFor } from '../../files/publish-file.ts';
import { segmentMuxer } from '../../frames/encoder-arguments.ts';
import { writeHdrBoxes } from '../../mp4/hdr-boxes.ts';
import { writeTrackLanguages } from '../../mp4/track-languages.ts';
import {
  type HashedStream,
  hashArguments,
  hashedStreams,
  hashesOf,
  readStreamHashes,
} from '../verification/stream-hashes.ts';
import {
  type Cover,
  coverStreams,
  type SideFiles,
  type SkeletonRequest,
  skeletonArguments,
  untoldColors,
} from './skeleton-command.ts';

const kinds: Readonly<Record<string, { readonly ending: string; readonly mimeType: string }>> = {
  png: { ending: 'png', mimeType: 'image/png' },
  mjpeg: { ending: 'jpg', mimeType: 'image/jpeg' },
  bmp: { ending: 'bmp', mimeType: 'image/bmp' },
  gif: { ending: 'gif', mimeType: 'image/gif' },
  tiff: { ending: 'tif', mimeType: 'image/tiff' },
  webp: { ending: 'webp', mimeType: 'image/webp' },
};

/** Writes the first frame of a segment to a file of its own, at time 0. */
export async function makeFirstFrame(
  segmentPath: string,
  targetPath: string,
  request: Pick<AssemblyRequest, 'codec' | 'picture'>,
  options: FfmpegOptions,
): Promise<void> {
  await publishFileBy(targetPath, async (temporary) => {
    await readText({
      ...options,
      program: 'ffmpeg',
      arguments: [
        ...['-nostdin', '-v', 'error', '-y', ...sourceOptions, '-i', asFileUrl(segmentPath)],
        ...['-map', '0:v:0', '-c', 'copy', '-frames:v', '1', '-bsf:v', 'setts=pts=0:dts=0'],
        ...untoldColors(request).flat(),
        ...['-map_metadata', '-1', '-bitexact', '-f', segmentMuxer(request), asFileUrl(temporary)],
      ],
      doing: 'Taking the first frame',
      target: temporary,
    });
    if (request.picture?.hdr) await writeHdrBoxes(temporary, request.picture.hdr);
  });
}

/**
 * Writes everything of the output but the frames after the first, and makes sure that what was to be copied is the
 * same as in the source.
 */
export async function makeSkeleton(
  request: SkeletonRequest,
  targetPath: string,
  options: FfmpegOptions,
): Promise<void> {
  const { source, plans, container } = request;
  const hashed = hashedStreams(source.facts, plans, container);
  await publishFileBy(targetPath, async (temporary) => {
    await withSideFiles(request, targetPath, options, async (files) => {
      const hashes = await readText({
        ...options,
        program: 'ffmpeg',
        arguments: [
          ...skeletonArguments(request, files, temporary),
          ...(hashed.length > 0 ? hashArguments(hashed, (stream) => `1:${stream.source}`) : []),
        ],
        doing: 'Taking over sound, subtitles and tags of the source',
        workBytes: source.facts.sizeBytes,
        target: temporary,
      });
      await expectHashes(hashesOf(hashes), temporary, hashed, request, options);
    });
    if (container === 'mov') await writeTrackLanguages(temporary, languagesOf(request));
  });
}

async function expectHashes(
  expected: readonly string[],
  path: string,
  hashed: readonly HashedStream[],
  { source, container }: SkeletonRequest,
  options: FfmpegOptions,
): Promise<void> {
  if (expected.length === 0) return;
  const doing = 'Comparing sound and subtitles with the source';
  const found = await readStreamHashes(path, hashed, { doing, workBytes: source.facts.sizeBytes }, options);
  const differing = expected.findIndex((hash, index) => hash !== found[index]);
  if (differing === -1 && expected.length === found.length) return;
  throw new AppError({
    code: 'output-invalid',
    message: `Stream ${hashed[differing]?.source ?? '?'} of the source could not be copied to the output unchanged.`,
    nextStep:
      container === 'mkv'
        ? 'Check the source with: ffmpeg -v error -i SOURCE -f null -'
        : 'Choose an output that ends in .mkv: it holds nearly everything.',
  });
}

function languagesOf({ source, plans }: SkeletonRequest) {
  const languages = (type: 'audio' | 'subtitle') =>
    plans
      .filter((plan) => plan.type === type && plan.action !== 'drop')
      .map(({ index }) => source.facts.others.find((other) => other.index === index)?.language ?? null);
  return { audio: languages('audio'), subtitle: languages('subtitle') };
}

/** Writes cover pictures and chapters to files beside `targetPath`, which are removed when `use` is done. */
async function withSideFiles(
  request: SkeletonRequest,
  targetPath: string,
  options: FfmpegOptions,
  use: (files: SideFiles) => Promise<void>,
): Promise<void> {
  const covers: Cover[] = [];
  const chapters = request.chapters === null ? null : temporaryPathFor(targetPath);
  try {
    if (chapters !== null && request.chapters !== null) await writeFile(chapters, request.chapters);
    for (const stream of coverStreams(request)) {
      const cover = describeCover(request, stream, temporaryPathFor(targetPath), covers.length);
      covers.push(cover);
      await extract(request.source.path, stream, cover.path, options);
    }
    await use({ covers, chapters });
  } finally {
    for (const { path } of covers) await rm(path, { force: true });
    if (chapters !== null) await rm(chapters, { force: true });
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
      ...['-nostdin', '-v', 'error', '-y', ...sourceOptions, '-i', asFileUrl(sourcePath)],
      ...['-map', `0:${stream}`, '-c', 'copy', '-frames:v', '1', '-f', 'data', asFileUrl(targetPath)],
    ],
    doing: 'Taking over the cover picture',
    target: targetPath,
  });
}
