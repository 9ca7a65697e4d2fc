/**
 * Rounds to the nearest integer, and a tie to the even one, as Python's `round` does. The processors of both
 * models use it, so that rounding half up would be a whole row of patches off at some sizes.
 *
 * @param value - Not negative.
 */
export function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}
