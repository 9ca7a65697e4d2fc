import type { FileHandle } from 'node:fs/promises';
import type { OutputContainer } from '../../../core/frames/container-limits.ts';
import type { AssemblyRequest } from '../../../ports/video-tool.ts';
import { MkvWriter } from '../../mkv/mkv-writer.ts';
import { blocksOf, readMkvSkeleton } from '../../mkv/read-mkv.ts';
import { mkvTimingOf } from '../../mkv/timing.ts';
import { Mp4Writer } from '../../mp4/mp4-writer.ts';
import { readSkeletonMovie } from '../../mp4/read-movie.ts';
import type { SegmentSamples } from '../../mp4/segment-samples.ts';
import type { PartWriter } from '../../muxing/container-writer.ts';
import type { PartFile } from '../../muxing/part-file.ts';
import type { Presentation } from '../../muxing/presentation.ts';
import type { SampleTable } from '../../muxing/sample-table.ts';

/** Where and from what a container is written. */
interface WriterInput {
  readonly request: AssemblyRequest;
  readonly container: OutputContainer;
  readonly presentation: Presentation;
  readonly skeleton: FileHandle;
  /** The first frame of the video, as in the skeleton. */
  readonly first: SegmentSamples;
  readonly part: PartFile;
  /** Room for all samples of the video; filled before they are appended. */
  readonly video: SampleTable;
}

/** A writer, and when it shows the first frame: the container may have moved all streams together. */
interface OpenWriter {
  readonly writer: PartWriter;
  readonly firstSeconds: number;
}

/** @throws Mp4FormatError or EbmlFormatError when the skeleton is damaged. */
export async function openWriter(input: WriterInput): Promise<OpenWriter> {
  return input.container === 'mkv' ? await openMkv(input) : await openMp4(input);
}

async function openMp4({
  request,
  presentation,
  skeleton,
  first,
  part,
  video,
}: WriterInput): Promise<OpenWriter> {
  const { decoderSettings, table } = first;
  const movie = await readSkeletonMovie(skeleton, { decoderSettings, sizeBytes: table.sizes[0] ?? 0 });
  const { rotationDegrees, timeBase } = request.source.facts.video;
  // What differs by less than a tick was only rounded on its way.
  const tickSeconds = timeBase.numerator / timeBase.denominator;
  const moved = movie.videoTrack.startSeconds - presentation.firstSeconds;
  const firstSeconds =
    Math.abs(moved) <= Math.max(tickSeconds, 0.001)
      ? presentation.firstSeconds
      : movie.videoTrack.startSeconds;
  const rotation = request.isTurned ? 0 : rotationDegrees;
  const showing = { presentation: { ...presentation, firstSeconds }, size: request.size, rotation };
  return { writer: new Mp4Writer(part, skeleton, movie, showing, video), firstSeconds };
}

async function openMkv({
  request,
  presentation,
  skeleton: file,
  first,
  part,
  video,
}: WriterInput): Promise<OpenWriter> {
  const skeleton = await readMkvSkeleton(file, first.decoderSettings);
  const { videoTrack } = skeleton;
  let beginMs = Math.round(presentation.firstSeconds * 1000);
  for await (const { track, time } of blocksOf(file, skeleton)) {
    if (track !== videoTrack) continue;
    beginMs = time;
    break;
  }
  const timing = mkvTimingOf(presentation, beginMs, videoTrack, request.source.facts.video.frameRate);
  return { writer: new MkvWriter(part, file, skeleton, timing, video), firstSeconds: timing.firstSeconds };
}
