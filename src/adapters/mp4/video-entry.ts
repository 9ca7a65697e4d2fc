import { findBox, readBoxes, uint32At } from './boxes.ts';
import { entryBoxesAt, entrySizeAt, stsdHeadBytes } from './h264-entry.ts';

/** The only sample description of a video track, of one of the codecs that are written here. */
export interface VideoEntry {
  /** By ffmpeg's name. */
  readonly codec: string;
  /** Size of the pictures in pixels, as stored. */
  readonly width: number;
  readonly height: number;
  /**
   * What a decoder needs to begin, as its box has it. Of ProRes, whose frames say everything themselves, the four letters of
   * its profile.
   */
  readonly decoderSettings: Buffer;
}

/** By the four letters of a description: the codec, and the box with its decoder's settings. */
const kinds: Readonly<Record<string, readonly [codec: string, box: string | null]>> = {
  avc1: ['h264', 'avcC'],
  hvc1: ['hevc', 'hvcC'],
  hev1: ['hevc', 'hvcC'],
  av01: ['av1', 'av1C'],
  vp09: ['vp9', 'vpcC'],
  FFV1: ['ffv1', 'glbl'],
  apco: ['prores', null],
  apcs: ['prores', null],
  apcn: ['prores', null],
  apch: ['prores', null],
  ap4h: ['prores', null],
  ap4x: ['prores', null],
};

/** Reads a track's `stsd`; null where there is another number of descriptions, or one of another codec. */
export function readVideoEntry(stsd: Buffer): VideoEntry | null {
  if (uint32At(stsd, 4) !== 1) return null;
  const [entry] = readBoxes(stsd.subarray(stsdHeadBytes));
  const [codec, box] = (entry && Object.hasOwn(kinds, entry.name) ? kinds[entry.name] : undefined) ?? [];
  if (!entry || codec === undefined) return null;
  const { name, content } = entry;
  const decoderSettings =
    box === null ? Buffer.from(name, 'latin1') : findBox(content.subarray(entryBoxesAt), [box ?? '']);
  if (!decoderSettings) return null;
  return {
    codec,
    width: content.readUInt16BE(entrySizeAt.width),
    height: content.readUInt16BE(entrySizeAt.height),
    decoderSettings,
  };
}
