import { open } from 'node:fs/promises';
import type { OutputContainer } from '../../../core/frames/container-limits.ts';
import { isErrno } from '../../../errors/system-error.ts';
import type { AssemblyProgress, AssemblyRequest } from '../../../ports/video-tool.ts';
import type { ProgramOptions } from '../../ffmpeg/programs.ts';
import { EbmlFormatError } from '../../mkv/read-ebml.ts';
import { Mp4FormatError } from '../../mp4/boxes.ts';
import { readSegmentSamples } from '../../mp4/segment-samples.ts';
import { FileTooShortError, PartFile } from '../../muxing/part-file.ts';
import type { Presentation } from '../../muxing/presentation.ts';
import { makeSampleTable, placeSamples, type SampleTable } from '../../muxing/sample-table.ts';
import { appendSegments } from './append-segments.ts';
import { BrokenAssemblyError, damagedStreams, lostPart } from './assembly-errors.ts';
import type { AssemblyPaths } from './assembly-folder.ts';
import { openWriter } from './open-writer.ts';
import { SampleJournal } from './sample-journal.ts';

/** One call, and what follows from its request. */
export interface Assembly {
  readonly request: AssemblyRequest;
  readonly container: OutputContainer;
  readonly paths: AssemblyPaths;
  readonly presentation: Presentation;
  readonly options: ProgramOptions;
  readonly onProgress: (progress: AssemblyProgress) => void;
}

/** What the part file holds when it is whole. */
export interface WrittenPart {
  /** All samples of the video. */
  readonly table: SampleTable;
  /** When the first frame is shown. */
  readonly firstSeconds: number;
}

/**
 * Writes the part file to its end, from wherever an earlier call came to.
 *
 * @throws SegmentsLostError; BrokenAssemblyError when what the earlier call left cannot be used.
 */
export async function writePart({
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
    if (segment.table.sizes.length !== segments[taken.length]?.frames)
      throw new BrokenAssemblyError(`${paths.journal} is of another video`);
    placeSamples(table, segment.table, frames, 0);
    frames += segment.table.sizes.length;
    taken.push(segment.partBytes);
  }
  try {
    await using part = await PartFile.open(paths.part, taken.at(-1) ?? 0);
    await using skeleton = await open(paths.skeleton, 'r');
    await using firstFile = await open(paths.first, 'r');
    const first = await readSegmentSamples(firstFile, 1);
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
      throw lostPart(paths.part, error);
    if (error instanceof Mp4FormatError || error instanceof EbmlFormatError) throw damagedStreams(error);
    throw error;
  }
}
