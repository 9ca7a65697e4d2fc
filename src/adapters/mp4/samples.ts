import { type FileHandle, open } from 'node:fs/promises';
import { isErrno } from '../../errors/system-error.ts';
import { FileTooShortError } from '../files/bounded-read.ts';
import type { SegmentSamples } from '../muxing/samples.ts';
import { findBox, getBox, Mp4FormatError, readTopBox, uint32At } from './boxes.ts';
import {
  chunksOf,
  compositionOffsetsOf,
  durationsOf,
  handlerOf,
  sampleSizesOf,
  tablesOf,
  tracksOf,
  type ValueRun,
} from './tracks.ts';
import { readVideoEntry } from './video-entry.ts';

/** What the index of a segment has at the most, in bytes: as a whole, and for each frame. */
const indexHeadBytes = 1024 * 1024;
const indexFrameBytes = 256;

/** Where the samples of a track lie, in decoding order, and how many bytes each has. */
interface SamplePlaces {
  readonly sizes: Uint32Array;
  readonly offsets: Float64Array;
}

/**
 * Reads the places of all samples.
 *
 * @param maxSamples - No room is made for more.
 * @throws Mp4FormatError for tables that disagree, or point outside the file.
 */
export function readSamplePlaces(stbl: Buffer, fileBytes: number, maxSamples: number): SamplePlaces {
  const { count, at: sizeAt } = sampleSizesOf(stbl);
  if (count > maxSamples) throw new Mp4FormatError('it has too many frames');
  const sizes = Uint32Array.from({ length: count }, (_, sample) => sizeAt(sample));
  const offsets = new Float64Array(count);
  let sample = 0;
  for (const chunk of chunksOf(stbl)) {
    let at = chunk.offset;
    for (const end = sample + chunk.samples; sample < end && sample < count; sample += 1) {
      offsets[sample] = at;
      at += sizes[sample] ?? 0;
    }
    if (at > fileBytes) throw new Mp4FormatError('a frame lies outside the file');
  }
  if (sample !== count) throw new Mp4FormatError('the frame tables disagree');
  return { sizes, offsets };
}

/** @throws Mp4FormatError where there are none or several. */
export function onlyTrack(tracks: readonly Buffer[]): Buffer {
  const [track] = tracks;
  if (!track || tracks.length > 1) throw new Mp4FormatError(`expected one track, found ${tracks.length}`);
  return track;
}

/**
 * Reads the index of a segment: an MP4 file with one video track.
 *
 * @param frames - How many it has to have: no room is made for any other number.
 * @throws Mp4FormatError for anything else.
 */
export async function readSegmentSamples(file: FileHandle, frames: number): Promise<SegmentSamples> {
  const movie = await readTopBox(file, 'moov', indexHeadBytes + frames * indexFrameBytes);
  const tracks = movie ? tracksOf(movie.content) : [];
  const stbl = tablesOf(onlyTrack(tracks.filter((track) => handlerOf(track) === 'vide')));
  const { size } = await file.stat();
  const { count } = sampleSizesOf(stbl);
  if (count !== frames) throw new Mp4FormatError(`it has ${count} frames instead of ${frames}`);
  const { sizes, offsets } = readSamplePlaces(stbl, size, frames);
  const table = {
    sizes,
    ranks: ranksOf(stbl, count),
    checksums: new Uint32Array(count),
    keys: keysOf(stbl, count),
  };
  const entry = readVideoEntry(getBox(stbl, ['stsd']));
  if (!entry) throw new Mp4FormatError('the video is not of one kind that is known');
  const { codec, decoderSettings, width, height } = entry;
  return { table, offsets, codec, decoderSettings, pictures: { width, height } };
}

/** How many frames the first track of an MP4 file has, by its index; null for a file that is no whole MP4, or missing. */
export async function countMp4Frames(path: string): Promise<number | null> {
  try {
    await using file = await open(path, 'r');
    const [track] = tracksOf((await readTopBox(file, 'moov'))?.content ?? Buffer.alloc(0));
    return track ? sampleSizesOf(tablesOf(track)).count : null;
  } catch (error) {
    const isNone = error instanceof Mp4FormatError || error instanceof FileTooShortError;
    if (isNone || isErrno(error, 'ENOENT')) return null;
    throw error;
  }
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

/** 1 for each sample where decoding can begin (`stss`): without a table of them that is all. */
function keysOf(stbl: Buffer, count: number): Uint8Array {
  const table = findBox(stbl, ['stss']);
  if (!table) return new Uint8Array(count).fill(1);
  const keys = new Uint8Array(count);
  for (let row = 0; row < uint32At(table, 4); row += 1) keys[uint32At(table, 8 + row * 4) - 1] = 1;
  return keys;
}
