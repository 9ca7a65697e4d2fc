import { unitsPerLevel } from './picture.ts';

export const middleGray = 128 * unitsPerLevel;

/** Where a pixel of one picture lies in another one: `x' = x0 + xx x + xy y`, `y' = y0 + yx x + yy y`. */
export interface Affine {
  readonly x0: number;
  readonly xx: number;
  readonly xy: number;
  readonly y0: number;
  readonly yx: number;
  readonly yy: number;
}

/** How one picture is seen in another one. */
export interface Mapping {
  readonly motion: Affine;
  /** What the other's distance from middle grey is to be multiplied with, and what is then to be added, in units. */
  readonly gain: number;
  readonly offset: number;
}

export const still: Affine = { x0: 0, xx: 1, xy: 0, y0: 0, yx: 0, yy: 1 };

/** One picture in another one that is the same. */
export const identity: Mapping = { motion: still, gain: 1, offset: 0 };

/** First `a`, then `b`: how the first picture is seen in the third one. */
export function compose(a: Mapping, b: Mapping): Mapping {
  const [first, then] = [a.motion, b.motion];
  return {
    motion: {
      x0: then.x0 + then.xx * first.x0 + then.xy * first.y0,
      xx: then.xx * first.xx + then.xy * first.yx,
      xy: then.xx * first.xy + then.xy * first.yy,
      y0: then.y0 + then.yx * first.x0 + then.yy * first.y0,
      yx: then.yx * first.xx + then.yy * first.yx,
      yy: then.yx * first.xy + then.yy * first.yy,
    },
    gain: a.gain * b.gain,
    offset: a.offset + a.gain * b.offset,
  };
}

/** How the second picture is seen in the first one. */
export function inverse({ motion, gain, offset }: Mapping): Mapping {
  const { x0, xx, xy, y0, yx, yy } = motion;
  const scale = 1 / (xx * yy - xy * yx);
  const [a, b, c, d] = [yy * scale, -xy * scale, -yx * scale, xx * scale];
  return {
    motion: { x0: -(a * x0 + b * y0), xx: a, xy: b, y0: -(c * x0 + d * y0), yx: c, yy: d },
    gain: 1 / gain,
    offset: -offset / gain,
  };
}

/** The same motion in samples that cover `across` by `down` pixels each. */
export function onGrid({ x0, xx, xy, y0, yx, yy }: Affine, across: number, down: number): Affine {
  const [ox, oy] = [(across - 1) / 2, (down - 1) / 2];
  return {
    x0: (x0 + xx * ox + xy * oy - ox) / across,
    xx,
    xy: (xy * down) / across,
    y0: (y0 + yx * ox + yy * oy - oy) / down,
    yx: (yx * across) / down,
    yy,
  };
}
