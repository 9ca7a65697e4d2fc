import { findBox, Mp4FormatError, readBoxes } from './boxes.ts';

/** A table larger than this is not one of a hint. */
const maxSamples = 100_000;

/**
 * The samples of the only track of an MP4 file, in order, as views into `file`. Made for hints: a track whose
 * every sample stands alone.
 *
 * @throws Mp4FormatError for anything else, and for tables that point outside the file.
 */
export function readMp4Samples(file: Buffer): readonly Buffer[] {
  const moov = findBox(file, ['moov']);
  const tracks = moov ? [...readBoxes(moov)].filter((box) => box.name === 'trak') : [];
  const [track] = tracks;
  if (!track || tracks.length > 1) throw new Mp4FormatError(`expected one track, found ${tracks.length}`);
  const tables = table(track.content, ['mdia', 'minf', 'stbl']);
  const sizes = readSizes(table(tables, ['stsz']));
  const chunkOffsets = readChunkOffsets(tables);
  const samplesOfChunk = readSamplesPerChunk(table(tables, ['stsc']), chunkOffsets.length);
  const samples: Buffer[] = [];
  for (const [index, chunkOffset] of chunkOffsets.entries()) {
    let at = chunkOffset;
    const upTo = Math.min(sizes.length, samples.length + (samplesOfChunk[index] ?? 0));
    while (samples.length < upTo) {
      const end = at + (sizes[samples.length] ?? 0);
      if (end > file.length) throw new Mp4FormatError('a frame lies outside the file');
      samples.push(file.subarray(at, end));
      at = end;
    }
  }
  if (samples.length !== sizes.length) throw new Mp4FormatError('the frame tables disagree');
  return samples;
}

function readSizes(stsz: Buffer): readonly number[] {
  const common = uint32(stsz, 4);
  const count = uint32(stsz, 8);
  if (count > maxSamples) throw new Mp4FormatError('too many frames');
  return Array.from({ length: count }, (_, index) => common || uint32(stsz, 12 + index * 4));
}

function readChunkOffsets(tables: Buffer): readonly number[] {
  const short = findBox(tables, ['stco']);
  const offsets = short ?? table(tables, ['co64']);
  const count = uint32(offsets, 4);
  if (count > maxSamples) throw new Mp4FormatError('too many chunks');
  return Array.from({ length: count }, (_, index) =>
    short
      ? uint32(offsets, 8 + index * 4)
      : uint32(offsets, 8 + index * 8) * 2 ** 32 + uint32(offsets, 12 + index * 8),
  );
}

/** `stsc` says it in runs: from its first chunk on, each chunk has so many samples, until the next run. */
function readSamplesPerChunk(stsc: Buffer, chunks: number): readonly number[] {
  const runs = uint32(stsc, 4);
  const counts: number[] = [];
  for (let run = 0; run < Math.min(runs, chunks); run++) {
    const firstChunk = uint32(stsc, 8 + run * 12);
    const nextRunAt = run + 1 < runs ? uint32(stsc, 8 + (run + 1) * 12) : chunks + 1;
    const count = uint32(stsc, 12 + run * 12);
    for (let chunk = Math.max(1, firstChunk); chunk < Math.min(nextRunAt, chunks + 1); chunk++)
      counts[chunk - 1] = count;
  }
  return counts;
}

function table(bytes: Buffer, path: readonly string[]): Buffer {
  const found = findBox(bytes, path);
  if (!found) throw new Mp4FormatError(`no ${path.at(-1)} box`);
  return found;
}

function uint32(bytes: Buffer, at: number): number {
  if (at + 4 > bytes.length) throw new Mp4FormatError('a table is cut off');
  return bytes.readUInt32BE(at);
}
