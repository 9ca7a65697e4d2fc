import type { FileHandle } from 'node:fs/promises';
import { makeSampleTable, type SampleTable } from '../muxing/sample-table.ts';
import { findBox, type Mp4Box, Mp4FormatError, readBoxes } from './boxes.ts';
import {
  chunksOf,
  compositionOffsetsOf,
  durationsOf,
  sampleSizesOf,
  tableOf,
  type ValueRun,
} from './sample-tables.ts';
import { readTopBoxes } from './top-boxes.ts';
import { decoderSettingsOf } from './video-entry.ts';

/** The samples of a segment's file; their checksums are not known yet. */
export interface SegmentSamples {
  readonly table: SampleTable;
  /** Where each lies in the file. */
  readonly offsets: Float64Array;
  /** What a decoder needs to begin (`avcC`): the same for all segments of a video. */
  readonly decoderSettings: Buffer;
}

/**
 * Reads the index of a segment: an MP4 file with one video track.
 *
 * @param frames - How many it has to have: no room is made for any other number.
 * @throws Mp4FormatError for anything else.
 */
export async function readSegmentSamples(file: FileHandle, frames: number): Promise<SegmentSamples> {
  const [movie] = await readTopBoxes(file, ['moov']);
  const tracks = movie ? [...readBoxes(movie.content)].filter(isVideoTrack) : [];
  const [track] = tracks;
  if (!track || tracks.length > 1) throw new Mp4FormatError(`expected one video, found ${tracks.length}`);
  const stbl = findBox(track.content, ['mdia', 'minf', 'stbl']);
  if (!stbl) throw new Mp4FormatError('no stbl box');
  const { size } = await file.stat();
  const sizes = sampleSizesOf(stbl);
  if (sizes.count !== frames) {
    throw new Mp4FormatError(`it has ${sizes.count} frames instead of ${frames}`);
  }
  const table = makeSampleTable(sizes.count);
  for (let sample = 0; sample < sizes.count; sample += 1) table.sizes[sample] = sizes.at(sample);
  table.ranks.set(ranksOf(stbl, sizes.count));
  markKeys(stbl, table.keys);
  return {
    table,
    offsets: placesOf(stbl, table.sizes, size),
    decoderSettings: decoderSettingsOf(tableOf(stbl, 'stsd')),
  };
}

function isVideoTrack({ name, content }: Mp4Box): boolean {
  return name === 'trak' && findBox(content, ['mdia', 'hdlr'])?.toString('latin1', 8, 12) === 'vide';
}

function placesOf(stbl: Buffer, sizes: Uint32Array, fileBytes: number): Float64Array {
  const offsets = new Float64Array(sizes.length);
  let sample = 0;
  for (const chunk of chunksOf(stbl)) {
    let at = chunk.offset;
    for (const end = sample + chunk.samples; sample < end && sample < sizes.length; sample += 1) {
      offsets[sample] = at;
      at += sizes[sample] ?? 0;
    }
    if (at > fileBytes) throw new Mp4FormatError('a frame lies outside the file');
  }
  if (sample !== sizes.length) throw new Mp4FormatError('the frame tables disagree');
  return offsets;
}

/** The place of each sample in the order in which they are shown. */
function ranksOf(stbl: Buffer, count: number): Uint32Array {
  const shownAt = new Float64Array(count);
  let decodedAt = 0;
  for (const [sample, duration] of spread(durationsOf(stbl), count)) {
    shownAt[sample] = decodedAt;
    decodedAt += duration;
  }
  for (const [sample, offset] of spread(compositionOffsetsOf(stbl), count)) {
    shownAt[sample] = (shownAt[sample] ?? 0) + offset;
  }
  const order = Uint32Array.from({ length: count }, (_, sample) => sample);
  order.sort((a, b) => (shownAt[a] ?? 0) - (shownAt[b] ?? 0));
  const ranks = new Uint32Array(count);
  for (const [rank, sample] of order.entries()) {
    if (rank > 0 && shownAt[sample] === shownAt[order[rank - 1] ?? 0])
      throw new Mp4FormatError('two frames have the same time');
    ranks[sample] = rank;
  }
  return ranks;
}

function* spread(
  runs: Iterable<ValueRun>,
  count: number,
): Generator<readonly [sample: number, value: number]> {
  let sample = 0;
  for (const run of runs) {
    for (const end = Math.min(count, sample + run.samples); sample < end; sample += 1)
      yield [sample, run.value];
  }
}

/** Without a table of them all samples are key frames (`stss`). */
function markKeys(stbl: Buffer, keys: Uint8Array): void {
  const table = findBox(stbl, ['stss']);
  if (!table) {
    keys.fill(1);
    return;
  }
  const count = table.readUInt32BE(4);
  for (let row = 0; row < count; row += 1) keys[table.readUInt32BE(8 + row * 4) - 1] = 1;
}
