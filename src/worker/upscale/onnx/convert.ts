import type { Size } from '../../../core/hints/display-size.ts';
import type { Span } from './tiles.ts';

/** A frame: RGB, interleaved, row by row. */
export interface Picture extends Size {
  readonly samples: Samples;
}

/** Where something lies in a tensor: numbers from its beginning. */
export interface TensorPart {
  readonly data: TensorData;
  readonly offset: number;
}

/** A window of a picture, in its pixels; it may reach beyond its right and lower edge. */
interface Window extends Size {
  readonly x: number;
  readonly y: number;
}

/** Writes a window of a picture as three planes. Beyond the edges the last column and row are repeated. */
export function fillPlanes(to: TensorPart, from: Picture, window: Window, { encode }: SampleCoding): void {
  const { data } = to;
  const { samples } = from;
  const plane = window.width * window.height;
  const inside = Math.min(window.width, from.width - window.x);
  for (let y = 0; y < window.height; y++) {
    const row = Math.min(window.y + y, from.height - 1);
    let at = (row * from.width + window.x) * 3;
    let red = to.offset + y * window.width;
    let green = red + plane;
    let blue = green + plane;
    for (let x = 0; x < inside; x++) {
      data[red++] = encode[samples[at] as number] as number;
      data[green++] = encode[samples[at + 1] as number] as number;
      data[blue++] = encode[samples[at + 2] as number] as number;
      at += 3;
    }
    for (let x = inside; x < window.width; x++, red++, green++, blue++) {
      data[red] = data[red - 1] as number;
      data[green] = data[green - 1] as number;
      data[blue] = data[blue - 1] as number;
    }
  }
}

/** What of a tile goes where, across or down; in pixels of the small picture. */
interface Crop {
  readonly columns: Span;
  readonly rows: Span;
  /** Size of the tile's window. */
  readonly window: Size;
  readonly scale: number;
}

/** Writes the core of an enlarged tile to its place in the large picture. */
export function drainPlanes(to: Picture, from: TensorPart, crop: Crop, coding: SampleCoding): void {
  const { columns, rows, window, scale } = crop;
  const stride = window.width * scale;
  const plane = stride * window.height * scale;
  const width = (columns.end - columns.begin) * scale;
  for (let y = rows.begin * scale; y < rows.end * scale; y++) {
    const row = y - rows.windowBegin * scale;
    const begin = from.offset + row * stride + (columns.begin - columns.windowBegin) * scale;
    const target = (y * to.width + columns.begin * scale) * 3;
    if (coding.decode) drainHalves(to.samples, target, from.data, begin, plane, width, coding.decode);
    else drainSingles(to.samples, target, from.data, begin, plane, width, coding.top);
  }
}

function drainHalves(
  to: Samples,
  target: number,
  from: TensorData,
  begin: number,
  plane: number,
  width: number,
  decode: Samples,
): void {
  let at = target;
  for (let red = begin; red < begin + width; red++) {
    to[at] = decode[from[red] as number] as number;
    to[at + 1] = decode[from[red + plane] as number] as number;
    to[at + 2] = decode[from[red + 2 * plane] as number] as number;
    at += 3;
  }
}

function drainSingles(
  to: Samples,
  target: number,
  from: TensorData,
  begin: number,
  plane: number,
  width: number,
  top: number,
): void {
  let at = target;
  for (let red = begin; red < begin + width; red++) {
    // `nearestSample`, written out: these are the innermost loops. What is no number fails both tests, and `| 0` makes it 0.
    const r = (from[red] as number) * top + 0.5;
    const g = (from[red + plane] as number) * top + 0.5;
    const b = (from[red + 2 * plane] as number) * top + 0.5;
    to[at] = r >= top ? top : r <= 0 ? 0 : r | 0;
    to[at + 1] = g >= top ? top : g <= 0 ? 0 : g | 0;
    to[at + 2] = b >= top ? top : b <= 0 ? 0 : b | 0;
    at += 3;
  }
}

/** Samples of pictures: 8 or 16 bits. */
export type Samples = Uint8Array | Uint16Array;

/** Numbers of a tensor: single precision, or the bits of half precision. */
export type TensorData = Float32Array | Uint16Array;

/** How samples become a tensor's numbers, and back. */
export interface SampleCoding {
  /** The number for each sample: 0 to 1. */
  readonly encode: TensorData;
  /** The largest sample. */
  readonly top: number;
  /** The sample for each half-precision number; null where numbers are single precision, which no table can hold. */
  readonly decode: Samples | null;
}

/** @param top - The largest sample: 255 or 65,535. */
export function sampleCoding(top: 255 | 65_535, isHalf: boolean): SampleCoding {
  if (!isHalf)
    return { encode: Float32Array.from({ length: top + 1 }, (_, i) => i / top), top, decode: null };
  const encode = Uint16Array.from({ length: top + 1 }, (_, i) => halfBits(i / top));
  const decode = top === 255 ? new Uint8Array(65_536) : new Uint16Array(65_536);
  for (let bits = 0; bits < decode.length; bits++) decode[bits] = nearestSample(halfValue(bits), top);
  return { encode, top, decode };
}

/** Half a step is rounded up; what lies outside is cut off, and what is no number is 0. */
export function nearestSample(value: number, top: number): number {
  const sample = value * top + 0.5;
  return sample >= top ? top : sample >= 1 ? Math.floor(sample) : 0;
}

/** Bits of the half-precision number nearest to a value in [0, 1]; of two, the even one. */
export function halfBits(value: number): number {
  if (value <= 0) return 0;
  const smallestExponent = -14;
  const exponent = Math.max(smallestExponent, Math.floor(Math.log2(value)));
  const steps = value / 2 ** (exponent - 10);
  const below = Math.floor(steps);
  const rest = steps - below;
  const mantissa = below + (rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? 1 : 0);
  // A mantissa from 1024 on carries into the exponent, which is just what makes a number normal.
  return (exponent - smallestExponent) * 1024 + mantissa;
}

/** The number that the bits of a half-precision number stand for. */
export function halfValue(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const mantissa = bits & 1023;
  if (exponent === 31) return mantissa === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return exponent === 0 ? sign * mantissa * 2 ** -24 : sign * (1024 + mantissa) * 2 ** (exponent - 25);
}
