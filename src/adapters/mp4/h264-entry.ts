import { type Fraction, squareSamples } from '../../core/frames/fraction.ts';
import { editBoxes, findBox, makeBox, uint32At } from './boxes.ts';

/** Where the boxes begin in the content of a video sample entry (ISO/IEC 14496-12, section 12.1.3). */
export const entryBoxesAt = 78;

export const entrySizeAt = { width: 24, height: 26 };

/** Version, flags and the number of entries. */
export const stsdHeadBytes = 8;

/** The only sample description of an H.264 track. */
interface H264Entry {
  /** Size of the pictures in pixels, as stored. */
  readonly width: number;
  readonly height: number;
  readonly boxes: Buffer;
  /** What a decoder needs to begin (`avcC`). */
  readonly decoderSettings: Buffer;
}

/** Transfer function and matrix, as codes of ITU-T H.273. */
export interface ColourCodes {
  readonly transfer: number;
  readonly matrix: number;
}

/** What an H.264 sequence parameter set says of its pictures. */
export interface H264Pictures {
  /** Size in pixels after cropping. */
  readonly width: number;
  readonly height: number;
  /** Width over height of one sample; 1/1 where nothing is said. */
  readonly sampleAspect: Fraction;
  /** Null where nothing is said. */
  readonly colours: ColourCodes | null;
}

/** Profiles whose parameter sets say more about colour (ITU-T H.264, section 7.3.2.1.1). */
const highProfiles = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135]);

/** Width over height for `aspect_ratio_idc` 0 to 16 (table E-1); 0 is "unspecified". */
const aspectRatios: readonly (readonly [width: number, height: number])[] = [
  [1, 1],
  [1, 1],
  [12, 11],
  [10, 11],
  [16, 11],
  [40, 33],
  [24, 11],
  [20, 11],
  [32, 11],
  [80, 33],
  [18, 11],
  [15, 11],
  [64, 33],
  [160, 99],
  [4, 3],
  [3, 2],
  [2, 1],
];
const extendedAspectRatio = 255;

/**
 * Reads a sequence parameter set (ITU-T H.264, sections 7.3.2.1.1 and E.1.1), NAL header included. Null for one
 * that uses what cameras and encoders hardly ever do: scaling matrices, picture order count type 1.
 *
 * @throws RangeError when the bits run out.
 */
export function readH264Sps(nalUnit: Buffer): H264Pictures | null {
  const bits = new BitReader(withoutEmulationPrevention(nalUnit));
  if ((bits.read(8) & 0x1f) !== 7) return null;
  const profile = bits.read(8);
  bits.read(16);
  bits.readGolomb();
  const chroma = highProfiles.has(profile) ? readChroma(bits) : 1;
  if (chroma === null || !skipPictureOrder(bits)) return null;
  return readPictures(bits, chroma);
}

/** `chroma_format_idc`; null where a scaling matrix follows. */
function readChroma(bits: BitReader): number | null {
  const chroma = bits.readGolomb();
  if (chroma > 3 || (chroma === 3 && bits.read(1) === 1)) return null;
  bits.readGolomb();
  bits.readGolomb();
  bits.read(1);
  return bits.read(1) === 0 ? chroma : null;
}

function skipPictureOrder(bits: BitReader): boolean {
  bits.readGolomb();
  const type = bits.readGolomb();
  if (type === 0) bits.readGolomb();
  bits.readGolomb();
  bits.read(1);
  return type === 0 || type === 2;
}

function readPictures(bits: BitReader, chroma: number): H264Pictures | null {
  const widthInBlocks = bits.readGolomb() + 1;
  const heightInMapUnits = bits.readGolomb() + 1;
  const isProgressive = bits.read(1) === 1;
  if (!isProgressive) bits.read(1);
  bits.read(1);
  const [left = 0, right = 0, top = 0, bottom = 0] =
    bits.read(1) === 1 ? Array.from({ length: 4 }, () => bits.readGolomb()) : [];
  const fields = isProgressive ? 1 : 2;
  const cropX = chroma === 1 || chroma === 2 ? 2 : 1;
  const cropY = (chroma === 1 ? 2 : 1) * fields;
  const hasMore = bits.read(1) === 1;
  const sampleAspect = hasMore ? readSampleAspect(bits) : squareSamples;
  if (sampleAspect === null) return null;
  const colours = hasMore ? readColours(bits) : null;
  return {
    width: widthInBlocks * 16 - (left + right) * cropX,
    height: heightInMapUnits * 16 * fields - (top + bottom) * cropY,
    sampleAspect,
    colours,
  };
}

function readSampleAspect(bits: BitReader): Fraction | null {
  if (bits.read(1) === 0) return squareSamples;
  const index = bits.read(8);
  const ratio =
    index === extendedAspectRatio ? ([bits.read(16), bits.read(16)] as const) : aspectRatios[index];
  if (!ratio) return null;
  const [numerator, denominator] = ratio;
  return numerator > 0 && denominator > 0 ? { numerator, denominator } : squareSamples;
}

/** What follows the sample aspect: overscan, and then the video signal's type (section E.1.1). */
function readColours(bits: BitReader): ColourCodes | null {
  if (bits.read(1) === 1) bits.read(1);
  if (bits.read(1) === 0) return null;
  bits.read(4);
  if (bits.read(1) === 0) return null;
  bits.read(8);
  return { transfer: bits.read(8), matrix: bits.read(8) };
}

/** After two zero bytes a 3 is put in, so that no start code appears; it is no part of the content. */
function withoutEmulationPrevention(nalUnit: Buffer): Buffer {
  return Buffer.from(
    nalUnit.filter((byte, at) => !(byte === 3 && nalUnit[at - 1] === 0 && nalUnit[at - 2] === 0)),
  );
}

class BitReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  read(count: number): number {
    let value = 0;
    for (let read = 0; read < count; read++, this.#at++) {
      const byte = this.#bytes[this.#at >> 3];
      if (byte === undefined) throw new RangeError('the parameter set is cut off');
      value = value * 2 + ((byte >> (7 - (this.#at & 7))) & 1);
    }
    return value;
  }

  /** An unsigned Exp-Golomb number (section 9.1). */
  readGolomb(): number {
    let zeros = 0;
    while (this.read(1) === 0) zeros++;
    if (zeros > 31) throw new RangeError('the parameter set is damaged');
    return 2 ** zeros - 1 + this.read(zeros);
  }
}

/** Reads a track's `stsd`; null where there is another number of descriptions, or one of another codec. */
export function readH264Entry(stsd: Buffer): H264Entry | null {
  const entry = uint32At(stsd, 4) === 1 ? findBox(stsd.subarray(stsdHeadBytes), ['avc1']) : null;
  if (!entry) return null;
  const boxes = entry.subarray(entryBoxesAt);
  const decoderSettings = findBox(boxes, ['avcC']);
  if (!decoderSettings) return null;
  const width = entry.readUInt16BE(entrySizeAt.width);
  const height = entry.readUInt16BE(entrySizeAt.height);
  return { width, height, boxes, decoderSettings };
}

/** What a `colr` box says; null for one that holds a profile instead of codes. */
export function readColourBox(colr: Buffer): ColourCodes | null {
  if (!/^ncl[xc]$/.test(colr.toString('latin1', 0, 4))) return null;
  return { transfer: colr.readUInt16BE(6), matrix: colr.readUInt16BE(8) };
}

/** The description of a video that was one frame long, fit for more: the bit rate of that one frame goes. */
export function withoutBitRate(stsd: Buffer): Buffer {
  const entries = editBoxes(stsd.subarray(stsdHeadBytes), ({ name, content }) =>
    makeBox(
      name,
      content.subarray(0, entryBoxesAt),
      editBoxes(content.subarray(entryBoxesAt), (box) => (box.name === 'btrt' ? Buffer.alloc(0) : null)),
    ),
  );
  return Buffer.concat([stsd.subarray(0, stsdHeadBytes), entries]);
}
