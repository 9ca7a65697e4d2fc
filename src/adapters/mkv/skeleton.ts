import type { FileHandle } from 'node:fs/promises';
import { readExactly } from '../files/bounded-read.ts';
import type { SegmentSamples } from '../muxing/samples.ts';
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
  /** Of the frame, in bytes. */
  readonly payloadBytes: number;
  /** Where in it the time relative to the cluster lies, as a signed 16-bit number. */
  readonly timeAt: number;
}

/** Of a block, after the number of its track: time and flags. */
const blockHeadBytes = 3;

/** Length of a BITMAPINFOHEADER. */
const bitmapHeaderBytes = 40;

const ignored: readonly number[] = [mkv.seekHead, mkv.cues, mkv.crc32, 0xec];

/**
 * Reads where things lie in a skeleton.
 *
 * @param first - The first frame of the upscaled video, by which its track is recognised.
 */
export async function readMkvSkeleton(file: FileHandle, first: SegmentSamples): Promise<MkvSkeleton> {
  const { size } = await file.stat();
  const tops = await Array.fromAsync(readFileElements(file, 0, size));
  const [ebml, segment] = tops;
  if (ebml?.id !== mkv.ebml || segment?.id !== mkv.segment)
    throw new EbmlFormatError('it is not a Matroska file');
  const heads: ElementPlace[] = [];
  const clusters: ElementPlace[] = [];
  let tracks: Buffer = Buffer.alloc(0);
  const end = segment.contentAt + segment.contentBytes;
  for await (const place of readFileElements(file, segment.contentAt, end)) {
    if (place.id === mkv.cluster) clusters.push(place);
    else if (!ignored.includes(place.id)) heads.push(place);
    if (place.id === mkv.tracks) tracks = await readElement(file, place);
  }
  const videoTrack =
    findTrack(tracks, first.decoderSettings) ?? (await findVp9Track(file, tracks, clusters, first));
  if (videoTrack === null) throw new EbmlFormatError('the upscaled video is missing');
  return { ebml: await readExactly(file, 0, segment.headerAt), heads, clusters, videoTrack };
}

/** All blocks in the order in which they lie. Takes as much memory as one cluster. */
export async function* blocksOf(
  file: FileHandle,
  { clusters }: Pick<MkvSkeleton, 'clusters'>,
): AsyncGenerator<MkvBlock> {
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
        payloadBytes: block.contentBytes - trackBytes - blockHeadBytes,
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
    const own = entry && findElement(entry, mkv.codecPrivate);
    if (entry && own && isSameSettings(own, decoderSettings)) {
      return uintOf(findElement(entry, mkv.trackNumber));
    }
  }
  return null;
}

/** Codecs that ffmpeg writes as Windows knew them, such as FFV1, have a header before it. */
function isSameSettings(own: Buffer, decoderSettings: Buffer): boolean {
  const [from, end] = [bitmapHeaderBytes, bitmapHeaderBytes + decoderSettings.length];
  return own.equals(decoderSettings) || own.subarray(from, end).equals(decoderSettings);
}

/** The frames of VP9 say everything themselves, so that its tracks look alike: the one whose first frame is as long. */
async function findVp9Track(
  file: FileHandle,
  tracks: Buffer,
  clusters: readonly ElementPlace[],
  { codec, table }: SegmentSamples,
): Promise<number | null> {
  if (codec !== 'vp9') return null;
  const found = new Set<number>();
  for (const place of readElements(tracks)) {
    const entry = place.id === mkv.trackEntry ? contentOf(tracks, place) : null;
    if (entry && findElement(entry, mkv.codecId)?.toString('latin1') === 'V_VP9')
      found.add(uintOf(findElement(entry, mkv.trackNumber)));
  }
  for await (const { track, payloadBytes } of blocksOf(file, { clusters })) {
    if (!found.has(track)) continue;
    if (payloadBytes === table.sizes[0]) return track;
    found.delete(track);
  }
  return null;
}
