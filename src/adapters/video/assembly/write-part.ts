import { open, stat } from 'node:fs/promises';
import { isMatroska } from '../../../core/frames/container-limits.ts';
import { isErrno } from '../../../errors/system-error.ts';
import { FileTooShortError } from '../../files/bounded-read.ts';
import { EbmlFormatError } from '../../mkv/ebml.ts';
import { openMkvWriter } from '../../mkv/mkv-writer.ts';
import { Mp4FormatError } from '../../mp4/boxes.ts';
import { openMp4Writer } from '../../mp4/mp4-writer.ts';
import { readSegmentSamples } from '../../mp4/samples.ts';
import { PartFile } from '../../muxing/part-file.ts';
import { makeSampleTable, placeSamples } from '../../muxing/samples.ts';
import type { Verification } from '../verification/verification.ts';
import { appendSegments } from './append-segments.ts';
import { BrokenAssemblyError, damagedStreams } from './assembly-errors.ts';
import type { AssemblyPaths } from './assembly-folder.ts';
import { SampleJournal } from './sample-journal.ts';

/** One call, and what follows from its request. */
export interface Assembly
  extends Pick<Verification, 'request' | 'container' | 'presentation' | 'options' | 'onProgress'> {
  readonly paths: AssemblyPaths;
}

/**
 * Writes the part file to its end, from wherever an earlier call came to.
 *
 * @throws SegmentsLostError; BrokenAssemblyError when what the earlier call left cannot be used.
 */
export async function writePart(assembly: Assembly): Promise<Pick<Verification, 'table' | 'firstSeconds'>> {
  const { request, container, paths, presentation, options, onProgress } = assembly;
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
    const { mode } = await stat(request.source.path);
    await using part = await PartFile.open(paths.part, taken.at(-1) ?? 0, mode & 0o666);
    await using skeleton = await open(paths.skeleton, 'r');
    await using firstFile = await open(paths.first, 'r');
    const first = await readSegmentSamples(firstFile, 1);
    const openWriter = isMatroska(container) ? openMkvWriter : openMp4Writer;
    const output = { part, video: table };
    const { writer, firstSeconds } = await openWriter({ request, presentation, skeleton, first, ...output });
    await writer.begin();
    await appendSegments({
      ...{ segments, writer, journal, taken, onProgress, ...output },
      decoderSettings: first.decoderSettings,
      signal: options.signal,
    });
    await writer.finish();
    await part.sync();
    return { table, firstSeconds };
  } catch (error) {
    if (error instanceof FileTooShortError || (isErrno(error, 'ENOENT') && taken.length > 0))
      throw new BrokenAssemblyError(`${paths.part} was removed or cut off`, { cause: error });
    if (error instanceof Mp4FormatError || error instanceof EbmlFormatError) throw damagedStreams(error);
    throw error;
  }
}
