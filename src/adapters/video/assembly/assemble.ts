import { rename, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { containerOf } from '../../../core/frames/container-limits.ts';
import { planStreams } from '../../../core/frames/stream-plan.ts';
import type { AssemblyProgress, AssemblyRequest, VerifiedVideo } from '../../../ports/video-tool.ts';
import { syncFolder } from '../../files/publish-file.ts';
import { type FfmpegPrograms, findPrograms } from '../../media/ffmpeg-program.ts';
import {
  lostPart,
  missingSegment,
  somethingInTheWay,
  unsupportedOutput,
  unsupportedRotation,
} from './assembly-errors.ts';
import {
  type AssemblyPaths,
  assemblyPathsOf,
  fingerprintOf,
  prepareFolder,
  publishVerified,
  readVerified,
  removeDone,
} from './assembly-folder.ts';
import { presentationOf } from './presentation.ts';
import { makeFirstFrame, makeSkeleton } from './skeleton.ts';
import { readStreamMarks } from './source-tags.ts';
import { verifyVideo } from './verify.ts';
import { type Assembly, writePart } from './write-part.ts';

/**
 * Puts segments together with everything else of the source, as `VideoTool.assemble` promises.
 *
 * ffmpeg writes a skeleton: the source's other streams, chapters and tags with only the first frame of the video. The
 * output is then written beside its final place, in one go: the skeleton's samples and those of the segments by turns.
 * A segment is removed as soon as its samples are there for good, so that the video never takes its place twice.
 */
export async function assembleVideo(
  request: AssemblyRequest,
  onProgress: (progress: AssemblyProgress) => void,
  signal?: AbortSignal,
  programs: FfmpegPrograms = findPrograms(),
): Promise<VerifiedVideo> {
  signal?.throwIfAborted();
  const container = containerOf(request.outputPath);
  if (!container) throw unsupportedOutput(request.outputPath);
  if (container === 'mkv' && !request.isTurned && request.source.facts.video.rotationDegrees !== 0) {
    throw unsupportedRotation(request.outputPath);
  }
  const frames = request.segments.reduce((sum, segment) => sum + segment.frames, 0);
  if (frames !== request.timeline.times.length)
    throw new RangeError('segments and times do not fit together');
  const paths = assemblyPathsOf(request, container);
  const fingerprint = fingerprintOf(request);
  const verified = await readVerified(paths, fingerprint);
  if (verified && (await publish(request, paths, verified))) return verified;
  await prepareFolder(paths, fingerprint);
  const presentation = presentationOf(request);
  const assembly = { request, container, paths, presentation, options: { programs, signal }, onProgress };
  await makeStreams(assembly);
  const written = await writePart(assembly);
  const video = await verifyVideo({ ...assembly, ...written });
  await publishVerified(paths, fingerprint, video);
  if (!(await publish(request, paths, video))) throw lostPart(paths);
  return video;
}

async function makeStreams({
  request,
  container,
  paths,
  presentation,
  options,
  onProgress,
}: Assembly): Promise<void> {
  const { source, segments } = request;
  onProgress({ step: 'streams', done: 0, total: 1 });
  if (!(await isThere(paths.skeleton))) {
    const [segment] = segments;
    if (!segment || !(await isThere(segment.path)))
      throw missingSegment(segment?.path ?? 'The first segment');
    await makeFirstFrame(segment.path, paths.first, options);
    const marks = await readStreamMarks(source.path, options.programs.ffprobe, options.signal);
    const plans = planStreams(source.facts, container);
    const skeleton = { source, container, plans, marks, presentation, firstPath: paths.first };
    await makeSkeleton(skeleton, paths.skeleton, options);
  }
  onProgress({ step: 'streams', done: 1, total: 1 });
}

/** Gives the verified file its name; false when neither it nor the output is there. */
async function publish(
  { outputPath, mayReplace }: AssemblyRequest,
  paths: AssemblyPaths,
  video: VerifiedVideo,
): Promise<boolean> {
  if ((await sizeOf(paths.part)) === video.sizeBytes) {
    if (!mayReplace && (await sizeOf(outputPath)) !== null) throw somethingInTheWay(outputPath);
    await rename(paths.part, outputPath);
    await syncFolder(dirname(paths.part));
  } else if ((await sizeOf(outputPath)) !== video.sizeBytes) {
    return false;
  }
  await removeDone(paths);
  return true;
}

async function sizeOf(path: string): Promise<number | null> {
  return await stat(path).then(
    ({ size }) => size,
    () => null,
  );
}

async function isThere(path: string): Promise<boolean> {
  return (await sizeOf(path)) !== null;
}
