import { rm, stat } from 'node:fs/promises';
import { SegmentsLostError } from '../../../errors/segments-lost.ts';
import type { SegmentFile } from '../../../ports/video-tool.ts';
import { hashFileIfThere } from '../../files/hash-file.ts';
import type { BrokenAssemblyError } from './assembly-errors.ts';
import { type AssemblyPaths, startOver } from './assembly-folder.ts';

/** Whether a segment's file is there and holds what was made. */
export async function isIntact({ path, sha256 }: SegmentFile): Promise<boolean> {
  if (sha256 !== undefined) return (await hashFileIfThere(path)) === sha256;
  return await stat(path).then(
    ({ size }) => size > 0,
    () => false,
  );
}

/**
 * Looks for all segments that have to be made again, so that one more sitting with them is enough, and removes what is
 * left of each.
 *
 * @param first - Segments before this one are in the output for good.
 * @param surely - One that is to be made again whatever its content.
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
  broken: BrokenAssemblyError,
  segments: readonly SegmentFile[],
  paths: AssemblyPaths,
): Promise<SegmentsLostError> {
  await startOver(paths);
  if (broken.isEverySegment) for (const { path } of segments) await rm(path, { force: true });
  return await lostSegments(`${broken.message}.`, segments, { first: 0, cause: broken });
}
