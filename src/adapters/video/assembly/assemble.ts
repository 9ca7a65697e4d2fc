import { link, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { containerOf, isMatroska } from '../../../core/frames/container-limits.ts';
import { AppError } from '../../../errors/app-error.ts';
import { isErrno } from '../../../errors/system-error.ts';
import type { AssemblyProgress, AssemblyRequest, VerifiedVideo } from '../../../ports/video-tool.ts';
import { type FfmpegPrograms, findPrograms } from '../../ffmpeg/programs.ts';
import { ProgramRefusedError } from '../../ffmpeg/run-ffmpeg.ts';
import { syncFolder } from '../../files/publish-file.ts';
import { presentationOf } from '../../muxing/presentation.ts';
import { InvalidOutputError } from '../verification/verification.ts';
import { verifyVideo } from '../verification/verify-video.ts';
import {
  BrokenAssemblyError,
  outputExists,
  unsupportedOutput,
  unsupportedRotation,
} from './assembly-errors.ts';
import {
  type AssemblyPaths,
  assemblyPathsOf,
  prepareFolder,
  publishVerified,
  readVerified,
  removeDone,
  requestFingerprint,
} from './assembly-folder.ts';
import { lostAssembly } from './lost-segments.ts';
import { makeStreams } from './make-streams.ts';
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
  if (isMatroska(container) && !request.isTurned && request.source.facts.video.rotationDegrees !== 0) {
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
    signal?.throwIfAborted();
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

/** Whether an earlier call gave the verified video its name; what that call left is removed then. */
async function hasItsName(
  { outputPath }: AssemblyRequest,
  paths: AssemblyPaths,
  { sizeBytes }: VerifiedVideo,
): Promise<boolean> {
  const [output, part] = await Promise.all([identityOf(outputPath), identityOf(paths.part)]);
  if (output?.size !== BigInt(sizeBytes)) return false;
  // A file that still has both names is of a call that was killed between adding the one and removing the other.
  if (part && (part.ino !== output.ino || part.dev !== output.dev)) return false;
  await rm(paths.part, { force: true });
  await removeDone(paths);
  return true;
}

/**
 * Gives the part file, just verified, the output's name.
 *
 * @throws AppError `output-exists` when that name is taken and may not be replaced.
 */
async function publishOutput(
  { outputPath, mayReplace }: AssemblyRequest,
  paths: AssemblyPaths,
): Promise<void> {
  if (mayReplace) await rename(paths.part, outputPath);
  else await giveFreeName(paths.part, outputPath);
  await syncFolder(dirname(paths.part));
  await removeDone(paths);
}

/** A rename replaces whatever is there; a second name is refused where the name is taken, without a moment between. */
async function giveFreeName(part: string, outputPath: string): Promise<void> {
  try {
    await link(part, outputPath);
  } catch (error) {
    if (isErrno(error, 'EEXIST')) throw outputExists(outputPath);
    // Not every file system knows second names.
    if (await identityOf(outputPath)) throw outputExists(outputPath);
    await rename(part, outputPath);
    return;
  }
  await syncFolder(dirname(part));
  await rm(part, { force: true });
}

async function identityOf(path: string) {
  return await stat(path, { bigint: true }).catch(() => null);
}
