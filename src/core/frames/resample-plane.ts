import type { Size } from '../hints/display-size.ts';

/** Numbers of a picture in one colour, row by row. */
export interface NumberPlane extends Size {
  readonly data: Float32Array;
}

interface Kernel {
  /** How far it reaches to each side, in samples of the coarser of both pictures. */
  readonly radius: number;
  weight(distance: number): number;
}

/** `lanczos`: of three lobes. `cubic`: that of Catmull and Rom, which overshoots less. */
const kernels = {
  lanczos: { radius: 3, weight: (x) => (x === 0 ? 1 : sinc(x) * sinc(x / 3)) },
  cubic: {
    radius: 2,
    weight: (x) => (x < 1 ? 1 - 2.5 * x ** 2 + 1.5 * x ** 3 : 2 - 4 * x + 2.5 * x ** 2 - 0.5 * x ** 3),
  },
} satisfies Readonly<Record<string, Kernel>>;

function sinc(x: number): number {
  return Math.sin(Math.PI * x) / (Math.PI * x);
}

/** Weights are multiples of one part of this: so they do not depend on how exactly a machine computes a sine. */
const weightSteps = 2 ** 20;

/** What goes into one number of a line. */
interface Tap {
  readonly first: number;
  readonly weights: Float64Array;
}

/**
 * A plane in another size. Where it gets smaller the kernel grows with it, so that what is too fine is averaged. Beyond the
 * edges the last numbers are repeated. The same on every machine: nothing but sums and products of doubles.
 */
export function resamplePlane(from: NumberPlane, to: Size, kernelName: keyof typeof kernels): NumberPlane {
  const kernel: Kernel = kernels[kernelName];
  const columns = tapsOf(from.width, to.width, kernel);
  const rows = tapsOf(from.height, to.height, kernel);
  const wide = new Float32Array(to.width * from.height);
  for (let row = 0; row < from.height; row++) {
    const line = from.data.subarray(row * from.width, (row + 1) * from.width);
    for (let column = 0; column < to.width; column++)
      wide[row * to.width + column] = sumAt(line, columns[column]);
  }
  const data = new Float32Array(to.width * to.height);
  const sums = new Float64Array(to.width);
  for (const [row, { first, weights }] of rows.entries()) {
    sums.fill(0);
    for (let index = 0; index < weights.length; index++) {
      const weight = weights[index] ?? 0;
      const at = within(first + index, from.height) * to.width;
      for (let column = 0; column < to.width; column++)
        sums[column] = (sums[column] ?? 0) + weight * (wide[at + column] ?? 0);
    }
    data.set(sums, row * to.width);
  }
  return { width: to.width, height: to.height, data };
}

function sumAt(line: Float32Array, tap: Tap | undefined): number {
  if (!tap) return 0;
  const { first, weights } = tap;
  const isInside = first >= 0 && first + weights.length <= line.length;
  let sum = 0;
  for (let index = 0; index < weights.length; index++) {
    const at = isInside ? first + index : within(first + index, line.length);
    sum += (weights[index] ?? 0) * (line[at] ?? 0);
  }
  return sum;
}

function within(at: number, count: number): number {
  return Math.min(count - 1, Math.max(0, at));
}

/** The weights of each number of a line of `to` numbers that is made of one of `from`; their sum is 1. */
function tapsOf(from: number, to: number, { radius, weight }: Kernel): Tap[] {
  const ratio = from / to;
  const stretch = Math.max(1, ratio);
  return Array.from({ length: to }, (_, at) => {
    const center = (at + 0.5) * ratio - 0.5;
    const first = Math.ceil(center - radius * stretch);
    const last = Math.floor(center + radius * stretch);
    const raw = Array.from({ length: last - first + 1 }, (_unused, index) =>
      weight(Math.min(radius, Math.abs(first + index - center) / stretch)),
    );
    const sum = raw.reduce((total, each) => total + each, 0);
    const weights = raw.map((each) => Math.round((each / sum) * weightSteps) / weightSteps);
    return { first, weights: balanced(weights) };
  });
}

/** Rounding is made up for by the largest weight, so that what is of one colour stays so. */
function balanced(weights: readonly number[]): Float64Array {
  const missing = 1 - weights.reduce((total, each) => total + each, 0);
  const largest = weights.indexOf(Math.max(...weights));
  return Float64Array.from(weights, (each, index) => (index === largest ? each + missing : each));
}
