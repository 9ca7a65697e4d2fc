import { containerOf } from '../../../core/frames/container-limits.ts';
import { AppError } from '../../../errors/app-error.ts';
import type { AssemblyProgress, AssemblyRequest, VerifiedVideo } from '../../../ports/video-tool.ts';
import { type FfmpegPrograms, findPrograms } from '../../ffmpeg/programs.ts';
import { ProgramRefusedError } from '../../ffmpeg/run-ffmpeg.ts';
import { presentationOf } from '../../muxing/presentation.ts';
import { InvalidOutputError } from '../verification/verification.ts';
import { verifyVideo } from '../verification/verify-video.ts';
import { BrokenAssemblyError, unsupportedOutput, unsupportedRotation } from './assembly-errors.ts';
import {
  assemblyPathsOf,
  prepareFolder,
  publishVerified,
  readVerified,
  requestFingerprint,
} from './assembly-folder.ts';
import { lostAssembly } from './lost-segments.ts';
import { makeStreams } from './make-streams.ts';
import { hasItsName, publishOutput } from './publish-output.ts';
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
  const fingerprint = requestFingerprint(request);
  const verified = await readVerified(paths, fingerprint);
  if (verified && (await hasItsName(request, paths, verified))) return verified;
  await prepareFolder(paths, fingerprint);
  const presentation = presentationOf(request);
  const assembly = { request, container, paths, presentation, options: { programs, signal }, onProgress };
  try {
    const video = await makeVideo(assembly);
    await publishVerified(paths, fingerprint, video);
    await publishOutput(request, paths);
    return video;
  } catch (error) {
    const isLost = error instanceof BrokenAssemblyError || error instanceof InvalidOutputError;
    throw isLost ? await lostAssembly(error, request.segments, paths) : error;
  }
}

async function makeVideo(assembly: Assembly): Promise<VerifiedVideo> {
  await makeStreams(assembly);
  const written = await writePart(assembly);
  const { part: partPath, skeleton: skeletonPath } = assembly.paths;
  try {
    return await verifyVideo({ ...assembly, ...written, partPath, skeletonPath });
  } catch (error) {
    // Damage may be such that it cannot even be read.
    const isUnreadable = error instanceof AppError && error.code === 'video-unreadable';
    if (!isUnreadable && !(error instanceof ProgramRefusedError)) throw error;
    throw new InvalidOutputError(error.message.replace(/\.$/, ''));
  }
}
