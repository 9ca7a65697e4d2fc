import { halfBits, halfValue } from './half.ts';

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
