import type { FileHandle } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { readExactly } from './part-file.ts';
import type { SampleTable } from './sample-table.ts';

/** Samples of the video, in decoding order, that are put into the output. */
export interface SampleRun {
  readonly first: number;
  /** The one after the last. */
  readonly end: number;
  /** Where they are, counted from the first; null when they are in the output already and are only counted again. */
  readonly media: { readonly file: FileHandle; readonly offsets: Float64Array } | null;
}

/**
 * Writes one container. What is written where follows from the arguments alone, so that the same calls after a kill
 * count up to where the file ends, and go on there.
 */
export interface PartWriter {
  /** What comes before all samples. */
  begin(): Promise<void>;
  /** The samples of the next segment, and those of other streams that are shown until its end. */
  append(segment: SampleRun): Promise<void>;
  /** The rest of the other streams, and the index. */
  finish(): Promise<void>;
}

/**
 * Samples `first` to before `end` of a segment, one after the other.
 *
 * @param video - Table of the whole video; their checksums are noted in it.
 */
export async function readSamples(
  video: SampleTable,
  segment: SampleRun,
  first: number,
  end: number,
): Promise<Buffer> {
  const { media } = segment;
  if (!media) throw new TypeError('the samples were taken over before');
  const parts: Buffer[] = [];
  for (let sample = first; sample < end; ) {
    const run =
      sample + backToBack(media.offsets, video.sizes, sample - segment.first, end - sample, segment.first);
    const offset = media.offsets[sample - segment.first] ?? 0;
    parts.push(await readExactly(media.file, offset, bytesOf(video.sizes, sample, run)));
    sample = run;
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

/** How many samples, from one on, lie one after the other in the segment's file. */
function backToBack(
  offsets: Float64Array,
  sizes: Uint32Array,
  from: number,
  most: number,
  firstSample: number,
): number {
  let samples = 1;
  for (; samples < most; samples += 1) {
    const before = from + samples - 1;
    if (offsets[before + 1] !== (offsets[before] ?? 0) + (sizes[firstSample + before] ?? 0)) break;
  }
  return samples;
}
