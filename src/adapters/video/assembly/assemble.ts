import { open, rename, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { containerOf, type OutputContainer } from '../../../core/frames/container-limits.ts';
import { planStreams } from '../../../core/frames/stream-plan.ts';
import { AppError, messageOf } from '../../../errors/app-error.ts';
import type { AssemblyProgress, AssemblyRequest, VerifiedVideo } from '../../../ports/video-tool.ts';
import { isErrno, syncFolder } from '../../files/publish-file.ts';
import { type FfmpegPrograms, findPrograms } from '../../media/ffmpeg-program.ts';
import { Mp4FormatError } from '../../media/mp4-boxes.ts';
import { appendSegments } from './append-segments.ts';
import {
  type AssemblyPaths,
  assemblyPathsOf,
  fingerprintOf,
  prepareFolder,
  publishVerified,
  readVerified,
  removeDone,
} from './assembly-folder.ts';
import { EbmlFormatError } from './ebml.ts';
import { openWriter } from './open-writer.ts';
import { FileTooShortError, PartFile } from './part-file.ts';
import { type Presentation, presentationOf } from './presentation.ts';
import { SampleJournal } from './sample-journal.ts';
import { makeSampleTable, placeSamples, type SampleTable } from './sample-table.ts';
import { readSegmentSamples, type SegmentSamples } from './segment-samples.ts';
import { makeFirstFrame, makeSkeleton, type ProgramOptions } from './skeleton.ts';
import { readStreamMarks } from './source-tags.ts';
import { verifyVideo } from './verify.ts';

/** One call, and what follows from its request. */
interface Assembly {
  readonly request: AssemblyRequest;
  readonly container: OutputContainer;
  readonly paths: AssemblyPaths;
  readonly presentation: Presentation;
  readonly options: ProgramOptions;
  readonly onProgress: (progress: AssemblyProgress) => void;
}

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

/** What the part file holds when it is whole. */
interface WrittenPart {
  readonly table: SampleTable;
  readonly firstSeconds: number;
}

async function writePart({
  request,
  container,
  paths,
  presentation,
  options,
  onProgress,
}: Assembly): Promise<WrittenPart> {
  const { segments, timeline } = request;
  const table = makeSampleTable(timeline.times.length);
  await using journal = await SampleJournal.open(paths.journal);
  const taken: number[] = [];
  let frames = 0;
  for await (const segment of journal.taken()) {
    placeSamples(table, segment.table, frames, 0);
    frames += segment.table.sizes.length;
    taken.push(segment.partBytes);
  }
  try {
    await using part = await PartFile.open(paths.part, taken.at(-1) ?? 0);
    await using skeleton = await open(paths.skeleton, 'r');
    const first = await readFirst(paths);
    const { writer, firstSeconds } = await openWriter({
      request,
      container,
      presentation,
      skeleton,
      first,
      part,
      video: table,
    });
    await writer.begin();
    const { decoderSettings } = first;
    const { signal } = options;
    await appendSegments({
      segments,
      part,
      writer,
      journal,
      video: table,
      taken,
      decoderSettings,
      onProgress,
      signal,
    });
    await writer.finish();
    await part.sync();
    return { table, firstSeconds };
  } catch (error) {
    if (error instanceof FileTooShortError || (isErrno(error, 'ENOENT') && taken.length > 0))
      throw lostPart(paths, error);
    if (error instanceof Mp4FormatError || error instanceof EbmlFormatError) throw damagedStreams(error);
    throw error;
  }
}

async function readFirst(paths: AssemblyPaths): Promise<SegmentSamples> {
  await using file = await open(paths.first, 'r');
  return await readSegmentSamples(file);
}

/** Gives the verified file its name; false when neither it nor the output is there. */
async function publish(
  { outputPath }: AssemblyRequest,
  paths: AssemblyPaths,
  video: VerifiedVideo,
): Promise<boolean> {
  if ((await sizeOf(paths.part)) === video.sizeBytes) {
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

function unsupportedOutput(path: string): AppError {
  return new AppError({
    code: 'output-unsupported',
    message: `${path} has no ending of a video that can be written.`,
    hint: 'Choose an output that ends in .mp4, .m4v, .mov or .mkv.',
  });
}

function lostPart(paths: AssemblyPaths, cause?: unknown): AppError {
  return new AppError({
    code: 'output-unsound',
    message: `${paths.part} was removed or cut off, and with it what segments were put together there.`,
    hint: 'Run the upscale again without --resume.',
    cause,
  });
}

function missingSegment(path: string): AppError {
  return new AppError({
    code: 'output-unsound',
    message: `${path} is not there, and what was put together of it before is not either.`,
    hint: 'Run the upscale again without --resume.',
  });
}

function damagedStreams(cause: Error): AppError {
  return new AppError({
    code: 'output-unsound',
    message: `What ffmpeg wrote of the source's other streams cannot be used: ${messageOf(cause)}.`,
    hint: 'Check the source with: ffmpeg -v error -i SOURCE -f null -',
    cause,
  });
}
