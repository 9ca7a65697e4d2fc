import { rm, stat } from 'node:fs/promises';
import { SegmentsLostError } from '../../../errors/segments-lost.ts';
import type { SegmentFile } from '../../../ports/video-tool.ts';
import { hashFileIfThere } from '../../files/hash-file.ts';
import type { InvalidOutputError } from '../verification/verification.ts';
import type { BrokenAssemblyError } from './assembly-errors.ts';
import { type AssemblyPaths, startOver } from './assembly-folder.ts';

/** Whether a segment's file is there and holds what was made. */
export async function isIntact({ path, sha256 }: SegmentFile): Promise<boolean> {
  if (sha256 !== undefined) return (await hashFileIfThere(path)) === sha256;
  const found = await stat(path).catch(() => null);
  return found !== null && found.size > 0;
}

/**
 * Finds all segments that have to be made again, so that one more round with them is enough, and removes what is
 * left of each.
 *
 * @param first - Segments before this one are in the output for good.
 * @param surely - A segment that is to be made again whatever its content.
 */
export async function lostSegments(
  reason: string,
  segments: readonly SegmentFile[],
  { first, surely, cause }: { readonly first: number; readonly surely?: number; readonly cause?: unknown },
): Promise<SegmentsLostError> {
  const lost: number[] = [];
  for (const [index, segment] of segments.entries()) {
    if (index < first || (index !== surely && (await isIntact(segment)))) continue;
    await rm(segment.path, { force: true });
    lost.push(index);
  }
  return new SegmentsLostError(reason, lost, cause);
}

/** What was put together is given up, and with it the segments that are nowhere else. */
export async function lostAssembly(
  error: BrokenAssemblyError | InvalidOutputError,
  segments: readonly SegmentFile[],
  paths: AssemblyPaths,
): Promise<SegmentsLostError> {
  await startOver(paths);
  if ('isEverySegment' in error && error.isEverySegment)
    for (const { path } of segments) await rm(path, { force: true });
  return await lostSegments(`${error.message}.`, segments, { first: 0, cause: error });
}
