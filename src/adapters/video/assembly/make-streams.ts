import { stat } from 'node:fs/promises';
import { planStreams } from '../../../core/frames/stream-plan.ts';
import { hashFileIfThere } from '../../files/hash-file.ts';
import { BrokenAssemblyError } from './assembly-errors.ts';
import { isIntact, lostSegments } from './lost-segments.ts';
import { makeFirstFrame, makeSkeleton } from './skeleton.ts';
import { readStreamMarks } from './source-tags.ts';
import { findStreams, recordStreams } from './streams-record.ts';
import type { Assembly } from './write-part.ts';

/**
 * Makes the first frame and the skeleton, unless those of an earlier call are as they were written.
 *
 * @throws SegmentsLostError; BrokenAssemblyError when samples were taken out of files that cannot be made again.
 */
export async function makeStreams(assembly: Assembly): Promise<void> {
  const { paths, onProgress } = assembly;
  onProgress({ step: 'streams', done: 0, total: 1 });
  const { skeletonSha256, isFirstIntact, isSkeletonIntact } = await findStreams(paths);
  if (!isFirstIntact || !isSkeletonIntact) {
    // The first segment goes into the output, and is removed, before anything else.
    const isFirstGone = await hasContent(paths.journal);
    if (isFirstGone && !isFirstIntact) throw damaged(paths.first);
    if (!isFirstGone) await makeFirst(assembly);
    await makeOthers(assembly);
    if (isFirstGone && (await hashFileIfThere(paths.skeleton)) !== skeletonSha256)
      throw damaged(paths.skeleton);
    await recordStreams(paths);
  }
  onProgress({ step: 'streams', done: 1, total: 1 });
}

async function makeFirst({ request: { segments }, paths, options }: Assembly): Promise<void> {
  const [segment] = segments;
  if (!segment || !(await isIntact(segment))) {
    throw await lostSegments('The first segment is gone or damaged.', segments, { first: 0 });
  }
  await makeFirstFrame(segment.path, paths.first, options);
}

async function makeOthers({ request, container, paths, presentation, options }: Assembly): Promise<void> {
  const { source } = request;
  const marks = await readStreamMarks(source.path, options.programs.ffprobe, options.signal);
  const plans = planStreams(source.facts, container);
  const skeleton = { source, container, plans, marks, presentation, firstPath: paths.first };
  await makeSkeleton(skeleton, paths.skeleton, options);
}

async function hasContent(path: string): Promise<boolean> {
  return await stat(path).then(
    ({ size }) => size > 0,
    () => false,
  );
}

function damaged(path: string): BrokenAssemblyError {
  return new BrokenAssemblyError(`${path} was removed or damaged`);
}
