import { open, rm, stat } from 'node:fs/promises';
import { messageOf } from '../../../errors/app-error.ts';
import { isErrno } from '../../../errors/system-error.ts';
import type { AssemblyProgress, SegmentFile } from '../../../ports/video-tool.ts';
import { FileTooShortError } from '../../files/bounded-read.ts';
import { Mp4FormatError } from '../../mp4/boxes.ts';
import { readSegmentSamples } from '../../mp4/samples.ts';
import type { ContainerWriter } from '../../muxing/container-writer.ts';
import type { PartFile } from '../../muxing/part-file.ts';
import { placeSamples, type SampleTable, sliceSamples } from '../../muxing/samples.ts';
import { BrokenAssemblyError } from './assembly-errors.ts';
import { isIntact, lostSegments } from './lost-segments.ts';
import type { SampleJournal } from './sample-journal.ts';

interface Appending {
  readonly segments: readonly SegmentFile[];
  readonly part: PartFile;
  readonly writer: ContainerWriter;
  readonly journal: SampleJournal;
  readonly video: SampleTable;
  /** Size of the part file after each segment that it held for good already. */
  readonly taken: readonly number[];
  readonly decoderSettings: Buffer;
  readonly onProgress: (progress: AssemblyProgress) => void;
  readonly signal: AbortSignal | undefined;
}

/** A segment whose samples are written, yet not known to be durable. */
interface Waiting {
  readonly path: string;
  readonly first: number;
  readonly end: number;
  readonly partBytes: number;
}

/** Segments are made durable in groups, so that many small ones do not take a flush of the disk each. */
const maxGroupBytes = 32 * 1024 * 1024;
/** Yet only so many, because until then they take their place twice. */
const maxGroupShare = 1 / 16;

/**
 * Puts all segments into the part file. Each is removed when its samples and their index are durable there; those that
 * were before are only counted again.
 *
 * @throws SegmentsLostError when some are gone or damaged; BrokenAssemblyError when those before cannot be continued.
 */
export async function appendSegments(appending: Appending): Promise<void> {
  const { segments, part, writer, taken, onProgress, signal } = appending;
  const groupBytes = Math.min(maxGroupBytes, maxGroupShare * (await totalSize(segments)));
  let waiting: Waiting[] = [];
  let waitingBytes = 0;
  let first = 0;
  for (const [index, segment] of segments.entries()) {
    signal?.throwIfAborted();
    const end = first + segment.frames;
    const before = part.position;
    const takenBytes = taken[index];
    if (takenBytes !== undefined) {
      await writer.append({ first, end, media: null });
      if (part.position !== takenBytes)
        throw new BrokenAssemblyError('The unfinished video is a different one');
      await rm(segment.path, { force: true });
    } else {
      await appendSegment(appending, index, first).catch(async (error: unknown) => {
        if (!isDamage(error)) throw error;
        const reason = `Segment ${index + 1} cannot be used: ${messageOf(error)}.`;
        const durable = index - waiting.length;
        throw await lostSegments(reason, segments, { first: durable, surely: index, cause: error });
      });
      waiting.push({ path: segment.path, first, end, partBytes: part.position });
      waitingBytes += part.position - before;
    }
    if (waitingBytes >= groupBytes || index === segments.length - 1) {
      await settle(appending, waiting);
      waiting = [];
      waitingBytes = 0;
    }
    onProgress({ step: 'append', done: index + 1, total: segments.length });
    first = end;
  }
}

async function appendSegment(appending: Appending, index: number, first: number): Promise<void> {
  const { segments, writer, video, decoderSettings } = appending;
  const segment = segments[index];
  if (!segment) return;
  await using file = await open(segment.path, 'r');
  if (!(await isIntact(segment))) throw new Mp4FormatError('its file is not the one that the worker made');
  const samples = await readSegmentSamples(file, segment.frames);
  if (!samples.decoderSettings.equals(decoderSettings)) {
    throw new BrokenAssemblyError('Segments were encoded in different ways', { isEverySegment: true });
  }
  if (samples.table.keys[0] !== 1) throw new Mp4FormatError('it does not begin with a key frame');
  placeSamples(video, samples.table, first, first);
  await writer.append({ first, end: first + segment.frames, media: { file, offsets: samples.offsets } });
}

async function settle({ part, journal, video }: Appending, waiting: readonly Waiting[]): Promise<void> {
  if (waiting.length === 0) return;
  await part.sync();
  await journal.add(
    waiting.map(({ first, end, partBytes }) => ({ table: sliceSamples(video, first, end), partBytes })),
  );
  for (const { path } of waiting) await rm(path, { force: true });
}

async function totalSize(segments: readonly SegmentFile[]): Promise<number> {
  let bytes = 0;
  for (const { path } of segments) bytes += (await stat(path).catch(() => null))?.size ?? 0;
  return bytes;
}

function isDamage(error: unknown): boolean {
  if (error instanceof Mp4FormatError || error instanceof FileTooShortError) return true;
  return error instanceof RangeError || isErrno(error, 'ENOENT');
}
