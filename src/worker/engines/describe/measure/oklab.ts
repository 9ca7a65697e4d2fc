/**
 * A color in OKLab with its lightness corrected near black: `light` 0 (black) to 1 (white), middle gray 0.53; `a`
 * green to red and `b` blue to yellow, about -0.3 to 0.3.
 */
export interface Lab {
  readonly light: number;
  readonly a: number;
  readonly b: number;
}

/**
 * Converts sRGB (each 0 to 255, fractions allowed) to OKLab, after Björn Ottosson, "A perceptual color space for
 * image processing" (2020), with the lightness Lr of "Okhsv and Okhsl" (2021). Plain OKLab puts two nearly black
 * values far apart, which would turn compression noise into light; `a` and `b` shrink along with it.
 *
 * Only additions, multiplications, divisions and square roots are used: IEEE 754 fixes their results, so every
 * machine gets the same bits. `Math.pow` and `Math.cbrt` promise no such thing.
 */
export function toOklab(red: number, green: number, blue: number): Lab {
  const r = toLinear(red);
  const g = toLinear(green);
  const b = toLinear(blue);
  const l = cubeRoot(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = cubeRoot(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = cubeRoot(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  const plainLight = 0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s;
  const light = correctNearBlack(plainLight);
  const scale = plainLight > 0 ? light / plainLight : 0;
  return {
    light,
    a: scale * (1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s),
    b: scale * (0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s),
  };
}

/** Distance from gray: 0 for neutral, about 0.3 for the purest colors of a screen. */
export function chromaOf(lab: { readonly a: number; readonly b: number }): number {
  return Math.sqrt(lab.a * lab.a + lab.b * lab.b);
}

/** Lr of L, with the constants of the source. */
function correctNearBlack(light: number): number {
  const k1 = 0.206;
  const k2 = 0.03;
  const k3 = (1 + k1) / (1 + k2);
  const shifted = k3 * light - k1;
  return (shifted + Math.sqrt(shifted * shifted + 4 * k2 * k3 * light)) / 2;
}

const linearOf = Float64Array.from({ length: 256 }, (_, value) => linearOfByte(value));

function toLinear(value: number): number {
  const below = Math.max(0, Math.min(255, Math.floor(value)));
  const low = linearOf[below] ?? 0;
  const high = linearOf[Math.min(255, below + 1)] ?? 1;
  return low + (high - low) * (value - below);
}

/** The sRGB transfer function, with x^2.4 as x^2 times the fifth root of x^2. */
function linearOfByte(value: number): number {
  const x = value / 255;
  if (x <= 0.04045) return x / 12.92;
  const base = (x + 0.055) / 1.055;
  return base * base * fifthRoot(base * base);
}

function fifthRoot(value: number): number {
  let root = 1;
  for (let step = 0; step < 40; step++) root -= (root - value / (root * root * root * root)) / 5;
  return root;
}

/** Halley's method from the fourth root, which is near enough for four steps. */
function cubeRoot(value: number): number {
  if (value <= 0) return 0;
  let root = Math.sqrt(Math.sqrt(value));
  for (let step = 0; step < 4; step++) {
    const cube = root * root * root;
    root *= (cube + 2 * value) / (2 * cube + value);
  }
  return root;
}
