/** Chooses a whole number from 0 up to, not including, `count`. */
export type Choose = (count: number) => number;

/**
 * A reproducible stream of choices from at least 16 bytes of seed: the sfc32 generator by Chris Doty-Humphrey
 * (PractRand), which keeps all 128 bits of the seed. Integer arithmetic only, so every machine chooses alike.
 */
export function createChooser(seed: Uint8Array): Choose {
  const view = new DataView(seed.buffer, seed.byteOffset, seed.byteLength);
  let a = view.getUint32(0);
  let b = view.getUint32(4);
  let c = view.getUint32(8);
  let counter = view.getUint32(12);
  return (count) => {
    const next = (a + b + counter) >>> 0;
    counter = (counter + 1) >>> 0;
    a = (b ^ (b >>> 9)) >>> 0;
    b = (c + (c << 3)) >>> 0;
    c = (((c << 21) | (c >>> 11)) + next) >>> 0;
    return next % count;
  };
}
