import type { FileHandle } from 'node:fs/promises';
import { readExactly } from '../files/bounded-read.ts';
import {
  contentOf,
  EbmlFormatError,
  type ElementPlace,
  findElement,
  lengthOfNumber,
  readElement,
  readElements,
  readFileElements,
  uintOf,
} from './ebml.ts';
import { mkv } from './element-ids.ts';

/** A Matroska file as ffmpeg wrote it: everything but the upscaled video, of which there is one frame. */
export interface MkvSkeleton {
  /** The whole first element. */
  readonly ebml: Buffer;
  /** What stands before the clusters, in the file's order, without the list of places. */
  readonly heads: readonly ElementPlace[];
  readonly clusters: readonly ElementPlace[];
  /** Number of the upscaled video's track in blocks. */
  readonly videoTrack: number;
}

export interface MkvBlock {
  readonly track: number;
  /** In milliseconds. */
  readonly time: number;
  /** The whole element: a simple block, or a group with one block in it. */
  readonly element: Buffer;
  /** Where in it the time relative to the cluster lies, as a signed 16-bit number. */
  readonly timeAt: number;
}

const ignored: readonly number[] = [mkv.seekHead, mkv.cues, mkv.crc32, 0xec];

/**
 * Reads where things lie in a skeleton.
 *
 * @param decoderSettings - By which the track of the upscaled video is recognised.
 */
export async function readMkvSkeleton(file: FileHandle, decoderSettings: Buffer): Promise<MkvSkeleton> {
  const { size } = await file.stat();
  const tops = await Array.fromAsync(readFileElements(file, 0, size));
  const [ebml, segment] = tops;
  if (ebml?.id !== mkv.ebml || segment?.id !== mkv.segment)
    throw new EbmlFormatError('it is not a Matroska file');
  const heads: ElementPlace[] = [];
  const clusters: ElementPlace[] = [];
  let videoTrack: number | null = null;
  const end = segment.contentAt + segment.contentBytes;
  for await (const place of readFileElements(file, segment.contentAt, end)) {
    if (place.id === mkv.cluster) clusters.push(place);
    else if (!ignored.includes(place.id)) heads.push(place);
    if (place.id === mkv.tracks) videoTrack = findTrack(await readElement(file, place), decoderSettings);
  }
  if (videoTrack === null) throw new EbmlFormatError('the upscaled video is missing');
  return { ebml: await readExactly(file, 0, segment.headerAt), heads, clusters, videoTrack };
}

/** All blocks in the order in which they lie. Takes as much memory as one cluster. */
export async function* blocksOf(file: FileHandle, { clusters }: MkvSkeleton): AsyncGenerator<MkvBlock> {
  for (const cluster of clusters) {
    const bytes = await readElement(file, cluster);
    const clusterTime = uintOf(findElement(bytes, mkv.timestamp));
    for (const place of readElements(bytes)) {
      const block = place.id === mkv.simpleBlock ? place : blockIn(bytes, place);
      if (!block) continue;
      const trackBytes = lengthOfNumber(bytes[block.contentAt] ?? 0);
      const timeAt = block.contentAt + trackBytes;
      yield {
        track: trackNumberAt(bytes, block.contentAt, trackBytes),
        time: clusterTime + bytes.readInt16BE(timeAt),
        element: bytes.subarray(place.headerAt, place.contentAt + place.contentBytes),
        timeAt: timeAt - place.headerAt,
      };
    }
  }
}

/** The block in a group; null for anything that is no group. */
function blockIn(bytes: Buffer, group: ElementPlace): ElementPlace | null {
  if (group.id !== mkv.blockGroup) return null;
  for (const place of readElements(contentOf(bytes, group))) {
    if (place.id === mkv.block) return { ...place, contentAt: place.contentAt + group.contentAt };
  }
  return null;
}

function trackNumberAt(bytes: Buffer, at: number, length: number): number {
  return length === 1 ? (bytes[at] ?? 0) & 0x7f : bytes.readUIntBE(at, length) - 2 ** (7 * length);
}

function findTrack(tracks: Buffer, decoderSettings: Buffer): number | null {
  for (const place of readElements(tracks)) {
    const entry = place.id === mkv.trackEntry ? contentOf(tracks, place) : null;
    if (entry && findElement(entry, mkv.codecPrivate)?.equals(decoderSettings)) {
      return uintOf(findElement(entry, mkv.trackNumber));
    }
  }
  return null;
}
