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
