import { AppError } from '../../../errors/app-error.ts';
import { asFileUrl, guardedInputOptions } from '../../ffmpeg/input-options.ts';
import { readOutput } from '../../ffmpeg/program-run.ts';
import type { ProgramOptions } from '../../ffmpeg/programs.ts';
import { publishFileBy } from '../../files/publish-file.ts';
import { noteLanguages } from '../../mp4/track-languages.ts';
import { type HashedStream, hashArguments, hashedStreams } from '../verification/stream-hashes.ts';
import { withCovers } from './covers.ts';
import { skeletonArguments } from './skeleton-command.ts';
import type { SkeletonRequest } from './skeleton-request.ts';

/** MD5 of no bytes. */
const hashOfNothing = 'd41d8cd98f00b204e9800998ecf8427e';

/** Writes the first frame of a segment to a file of its own, at time 0. */
export async function makeFirstFrame(
  segmentPath: string,
  targetPath: string,
  options: ProgramOptions,
): Promise<void> {
  await publishFileBy(targetPath, async (temporary) => {
    await readOutput({
      program: options.programs.ffmpeg,
      arguments: [
        ...['-nostdin', '-v', 'error', '-y', ...guardedInputOptions, '-i', asFileUrl(segmentPath)],
        ...['-map', '0:v:0', '-c', 'copy', '-frames:v', '1', '-bsf:v', 'setts=pts=0:dts=0'],
        ...['-map_metadata', '-1', '-bitexact', '-f', 'mp4', asFileUrl(temporary)],
      ],
      doing: 'Taking the first frame',
      workBytes: 0,
      target: temporary,
      signal: options.signal,
    });
  });
}

/**
 * Writes everything of the output but the frames after the first, and makes sure that what was to be copied is the
 * same as in the source.
 */
export async function makeSkeleton(
  request: SkeletonRequest,
  targetPath: string,
  options: ProgramOptions,
): Promise<void> {
  const hashed = hashedStreams(request.source.facts, request.plans, request.container);
  await publishFileBy(targetPath, async (temporary) => {
    await withCovers(request, targetPath, options, async (covers) => {
      const hashes = await readOutput({
        program: options.programs.ffmpeg,
        arguments: [
          ...skeletonArguments(request, covers, temporary),
          ...(hashed.length > 0 ? hashArguments(hashed, ({ source }) => `1:${source}`) : []),
        ],
        doing: 'Taking over sound, subtitles and tags of the source',
        workBytes: request.source.facts.sizeBytes,
        target: temporary,
        signal: options.signal,
      });
      await expectHashes(hashesOf(hashes), temporary, hashed, request, options);
    });
    await noteLanguages(temporary, request);
  });
}

async function expectHashes(
  expected: readonly string[],
  path: string,
  hashed: readonly HashedStream[],
  request: SkeletonRequest,
  options: ProgramOptions,
): Promise<void> {
  if (expected.length === 0) return;
  const found = await readOutput({
    program: options.programs.ffmpeg,
    arguments: [
      ...['-nostdin', '-v', 'error', ...guardedInputOptions, '-i', asFileUrl(path)],
      ...hashArguments(hashed, ({ specifier }) => `0:${specifier}?`),
    ],
    doing: 'Comparing sound and subtitles with the source',
    workBytes: request.source.facts.sizeBytes,
    target: null,
    signal: options.signal,
  });
  const foundHashes = hashesOf(found);
  const differing = expected.findIndex((hash, index) => hash !== foundHashes[index]);
  if (differing === -1 && expected.length === foundHashes.length) return;
  const stream = hashed[differing];
  throw new AppError({
    code: 'output-invalid',
    message: `Stream ${stream?.source ?? '?'} of the source could not be copied into the output without a change.`,
    nextStep:
      request.container === 'mkv'
        ? 'Check the source with: ffmpeg -v error -i SOURCE -f null -'
        : 'Choose an output that ends in .mkv: it holds nearly everything.',
  });
}

/** What is said of each stream after its number and type; streams without a packet are left out by some containers. */
function hashesOf(lines: string): readonly string[] {
  return lines
    .split('\n')
    .map((line) => line.split(',')[2] ?? '')
    .filter((hash) => hash !== '' && !hash.endsWith(hashOfNothing));
}
