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
