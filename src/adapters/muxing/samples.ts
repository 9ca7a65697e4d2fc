import type { FileHandle } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { readExactly } from '../files/bounded-read.ts';

/** What is known of some samples of the video, in decoding order: 13 bytes for each. */
export interface SampleTable {
  /** In bytes. */
  readonly sizes: Uint32Array;
  /** Which of the frames, in the order they are shown, the sample is. */
  readonly ranks: Uint32Array;
  /** CRC-32 of the samples' bytes. */
  readonly checksums: Uint32Array;
  /** 1 where decoding can begin. */
  readonly keys: Uint8Array;
}

export function makeSampleTable(samples: number): SampleTable {
  return {
    sizes: new Uint32Array(samples),
    ranks: new Uint32Array(samples),
    checksums: new Uint32Array(samples),
    keys: new Uint8Array(samples),
  };
}

/** Samples `first` to before `end`, as a view. */
export function sliceSamples(table: SampleTable, first: number, end: number): SampleTable {
  return {
    sizes: table.sizes.subarray(first, end),
    ranks: table.ranks.subarray(first, end),
    checksums: table.checksums.subarray(first, end),
    keys: table.keys.subarray(first, end),
  };
}

/**
 * Puts samples into a larger table.
 *
 * @param rankShift - What is added to their ranks.
 */
export function placeSamples(target: SampleTable, from: SampleTable, at: number, rankShift: number): void {
  target.sizes.set(from.sizes, at);
  target.checksums.set(from.checksums, at);
  target.keys.set(from.keys, at);
  for (const [index, rank] of from.ranks.entries()) target.ranks[at + index] = rank + rankShift;
}

/** How many frames later than the first one in decoding order a frame can be shown: what reordering delays. */
export function reorderDelay(ranks: Uint32Array): number {
  let delay = 0;
  for (let index = 0; index < ranks.length; index += 1) delay = Math.max(delay, index - (ranks[index] ?? 0));
  return delay;
}

/** The samples of a segment's file; their checksums are not known yet. */
export interface SegmentSamples {
  readonly table: SampleTable;
  /** Where each lies in the file. */
  readonly offsets: Float64Array;
  /** By ffmpeg's name. */
  readonly codec: string;
  /** What a decoder needs to begin (such as `avcC`): the same for all segments of a video. */
  readonly decoderSettings: Buffer;
  /** Size of the pictures in pixels, as stored. */
  readonly pictures: { readonly width: number; readonly height: number };
}

/** Samples of the video, in decoding order, that are put into the output. */
export interface SampleRun {
  readonly first: number;
  /** The one after the last. */
  readonly end: number;
  /** Where they are, counted from the first; null when they are in the output already and are only counted again. */
  readonly media: { readonly file: FileHandle; readonly offsets: Float64Array } | null;
}

/**
 * Samples `first` to before `end` of a segment, one after the other.
 *
 * @param video - Table of the whole video; their checksums are noted in it.
 */
export async function readSamples(
  video: SampleTable,
  { media, first: segmentFirst }: SampleRun,
  first: number,
  end: number,
): Promise<Buffer> {
  if (!media) throw new TypeError('the samples were taken over before');
  const parts: Buffer[] = [];
  for (let sample = first; sample < end; ) {
    const offset = media.offsets[sample - segmentFirst] ?? 0;
    let bytes = 0;
    // Samples that lie back to back are read at once.
    do {
      bytes += video.sizes[sample] ?? 0;
      sample += 1;
    } while (sample < end && media.offsets[sample - segmentFirst] === offset + bytes);
    parts.push(await readExactly(media.file, offset, bytes));
  }
  const bytes = parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts);
  let at = 0;
  for (let sample = first; sample < end; sample += 1) {
    const next = at + (video.sizes[sample] ?? 0);
    video.checksums[sample] = crc32(bytes.subarray(at, next));
    at = next;
  }
  return bytes;
}

/** Bytes of the samples from `first` to before `end`. */
export function bytesOf(sizes: Uint32Array, first: number, end: number): number {
  let bytes = 0;
  for (let sample = first; sample < end; sample += 1) bytes += sizes[sample] ?? 0;
  return bytes;
}
