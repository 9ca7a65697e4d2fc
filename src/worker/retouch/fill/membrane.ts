import type { Size } from '../../../core/hints/display-size.ts';

/** Below this many samples a level is solved by sweeps alone. */
const fewSamples = 64;
const sweeps = 1;
const sweepsOfFew = 8;
/** Steps of the conjugate gradients end when no sample is further than this from what it should be; at most so many. */
const tolerance = 4;
const maxSteps = 16;

/** One grid of the hierarchy, with a border of one sample that is never read for its value. */
interface Level {
  readonly width: number;
  /** Where unknown samples lie: as many as `light` on the light fields of a chessboard, then those on the dark ones. */
  readonly unknown: Int32Array;
  readonly light: number;
  /** For each of them: how many of the four samples around it lie inside the grid. */
  readonly neighbors: Uint8Array;
  /** 1 divided by the factor of the sample's own value. */
  readonly share: Float32Array;
  readonly values: Float32Array;
  /** What the equation of each sample wants: `(neighbors + pull) * value - values around = wanted`. */
  readonly wanted: Float32Array;
  readonly pull: Float32Array;
  readonly residual: Float32Array;
}

/**
 * Values of unknown samples such that each is the mean of the four around it, as a membrane over the known ones, and is
 * pulled towards a value of its own as strongly as one says: the discrete screened Poisson equation, solved by multigrid
 * (Briggs, Henson, McCormick: A Multigrid Tutorial, chapters 3 and 4). At the grid's edges the membrane is level.
 */
export class Membrane {
  readonly #levels: readonly Level[];
  readonly #size: Size;
  readonly #places: Int32Array;
  readonly #solution: Float32Array;
  readonly #direction: Float32Array;
  readonly #product: Float32Array;
  readonly #wanted: Float32Array;

  /** @param unknown - Not 0 where a sample is unknown, row by row. */
  constructor(unknown: Uint8Array, size: Size) {
    this.#size = size;
    this.#levels = levelsOf(unknown, size);
    const { width } = size;
    const padded = width + 2;
    const finest = this.#levels[0]?.unknown ?? new Int32Array(0);
    this.#places = finest.map((at) => (Math.floor(at / padded) - 1) * width + (at % padded) - 1);
    const zeros = () => new Float32Array((size.width + 2) * (size.height + 2));
    [this.#solution, this.#direction, this.#product, this.#wanted] = [zeros(), zeros(), zeros(), zeros()];
  }

  /**
   * @param values - Row by row. Unknown ones are where it begins, and are replaced.
   * @param pull - How strongly each unknown one is pulled to its `target`, beside the 1 of each neighbour; null: not at all.
   * @param breathe - Called between steps of some milliseconds.
   */
  async solve(
    values: Float32Array,
    pull: Float32Array | null,
    target: Float32Array | null,
    breathe: () => Promise<void>,
  ): Promise<void> {
    const [finest] = this.#levels;
    if (!finest || finest.unknown.length === 0) return;
    const { width, height } = this.#size;
    const all = this.#solution;
    for (let row = 0; row < height; row++) {
      all.set(values.subarray(row * width, (row + 1) * width), (row + 1) * finest.width + 1);
    }
    this.#setPull(pull, target);
    await this.#descend(finest, breathe);
    for (let n = 0; n < this.#places.length; n++) {
      values[this.#places[n] ?? 0] = all[finest.unknown[n] ?? 0] ?? 0;
    }
  }

  /** Conjugate gradients, with one cycle over the levels as the preconditioner: any shape of what is unknown converges. */
  async #descend(finest: Level, breathe: () => Promise<void>): Promise<void> {
    const { unknown, wanted, values } = finest;
    const [solution, direction, product] = [this.#solution, this.#direction, this.#product];
    apply(finest, solution, product);
    for (let n = 0; n < unknown.length; n++) {
      const at = unknown[n] ?? 0;
      wanted[at] = (this.#wanted[at] ?? 0) - (product[at] ?? 0);
      direction[at] = 0;
    }
    let before = 1;
    for (let step = 0; step < maxSteps; step++) {
      values.fill(0);
      cycleFrom(this.#levels, 0);
      const now = dot(unknown, wanted, values);
      if (now <= 0 || largest(unknown, values) < tolerance) return;
      add(unknown, values, now / before, direction, direction);
      apply(finest, direction, product);
      const length = now / dot(unknown, direction, product);
      add(unknown, solution, length, direction, solution);
      add(unknown, wanted, -length, product, wanted);
      before = now;
      await breathe();
    }
  }

  #setPull(pull: Float32Array | null, target: Float32Array | null): void {
    const [finest] = this.#levels;
    if (!finest) return;
    for (let n = 0; n < this.#places.length; n++) {
      const [at, to] = [this.#places[n] ?? 0, finest.unknown[n] ?? 0];
      const own = pull?.[at] ?? 0;
      finest.pull[to] = own;
      this.#wanted[to] = own * (target?.[at] ?? 0);
    }
    for (let at = 1; at < this.#levels.length; at++) {
      const [fine, coarse] = [this.#levels[at - 1], this.#levels[at]];
      if (fine && coarse) restrict(fine.pull, fine.width, coarse.pull, coarse, 4);
    }
    for (const { unknown, neighbors, pull: own, share } of this.#levels) {
      for (let n = 0; n < unknown.length; n++)
        share[n] = 1 / ((neighbors[n] ?? 0) + (own[unknown[n] ?? 0] ?? 0));
    }
  }
}

function levelsOf(unknown: Uint8Array, size: Size): Level[] {
  const levels = [levelOf(unknown, size)];
  let [flags, { width, height }] = [unknown, size];
  while (width > 2 && height > 2 && (levels.at(-1)?.unknown.length ?? 0) > fewSamples) {
    const coarse = { width: (width >> 1) + 1, height: (height >> 1) + 1 };
    const coarseFlags = new Uint8Array(coarse.width * coarse.height);
    for (let y = 0; y < coarse.height; y++) {
      for (let x = 0; x < coarse.width; x++) {
        const at = Math.min(height - 1, 2 * y) * width + Math.min(width - 1, 2 * x);
        coarseFlags[y * coarse.width + x] = flags[at] ?? 0;
      }
    }
    levels.push(levelOf(coarseFlags, coarse));
    [flags, { width, height }] = [coarseFlags, coarse];
  }
  return levels;
}

function levelOf(flags: Uint8Array, { width, height }: Size): Level {
  const padded = width + 2;
  const places: number[] = [];
  const neighbors: number[] = [];
  let light = 0;
  for (const parity of [0, 1]) {
    if (parity === 1) light = places.length;
    for (let y = 0; y < height; y++) {
      for (let x = (y + parity) & 1; x < width; x += 2) {
        if (flags[y * width + x] === 0) continue;
        places.push((y + 1) * padded + x + 1);
        neighbors.push(Number(x > 0) + Number(x < width - 1) + Number(y > 0) + Number(y < height - 1));
      }
    }
  }
  const zeros = () => new Float32Array(padded * (height + 2));
  return {
    ...{ width: padded, light, unknown: Int32Array.from(places), neighbors: Uint8Array.from(neighbors) },
    share: new Float32Array(places.length),
    ...{ values: zeros(), wanted: zeros(), pull: zeros(), residual: zeros() },
  };
}

function cycleFrom(levels: readonly Level[], at: number): void {
  const level = levels[at];
  if (!level) return;
  const coarse = levels[at + 1];
  const isLast = !coarse || coarse.unknown.length === 0;
  const { light, unknown } = level;
  for (let time = 0; time < (isLast ? sweepsOfFew : sweeps); time++) {
    sweep(level, 0, light);
    sweep(level, light, unknown.length);
  }
  if (!isLast) {
    measure(level);
    restrict(level.residual, level.width, coarse.wanted, coarse, 4);
    coarse.values.fill(0);
    cycleFrom(levels, at + 1);
    correct(level, coarse);
  }
  for (let time = 0; time < (isLast ? sweepsOfFew : sweeps); time++) {
    sweep(level, light, unknown.length);
    sweep(level, 0, light);
  }
}

/** Gauss-Seidel over the samples of one colour of a chessboard. */
function sweep({ width, unknown, share, values, wanted }: Level, from: number, end: number): void {
  for (let n = from; n < end; n++) {
    const at = unknown[n] ?? 0;
    const around =
      (values[at - 1] ?? 0) + (values[at + 1] ?? 0) + (values[at - width] ?? 0) + (values[at + width] ?? 0);
    values[at] = (around + (wanted[at] ?? 0)) * (share[n] ?? 0);
  }
}

/** The left side of the equations. */
function apply({ width, unknown, neighbors, pull }: Level, values: Float32Array, to: Float32Array): void {
  for (let n = 0; n < unknown.length; n++) {
    const at = unknown[n] ?? 0;
    const around =
      (values[at - 1] ?? 0) + (values[at + 1] ?? 0) + (values[at - width] ?? 0) + (values[at + width] ?? 0);
    to[at] = ((neighbors[n] ?? 0) + (pull[at] ?? 0)) * (values[at] ?? 0) - around;
  }
}

function measure(level: Level): void {
  apply(level, level.values, level.residual);
  add(level.unknown, level.wanted, -1, level.residual, level.residual);
}

/** `to = a + factor b`. */
function add(places: Int32Array, a: Float32Array, factor: number, b: Float32Array, to: Float32Array): void {
  for (let n = 0; n < places.length; n++) {
    const at = places[n] ?? 0;
    to[at] = (a[at] ?? 0) + factor * (b[at] ?? 0);
  }
}

function dot(places: Int32Array, a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let n = 0; n < places.length; n++) {
    const at = places[n] ?? 0;
    sum += (a[at] ?? 0) * (b[at] ?? 0);
  }
  return sum;
}

function largest(places: Int32Array, values: Float32Array): number {
  let most = 0;
  for (let n = 0; n < places.length; n++) most = Math.max(most, Math.abs(values[places[n] ?? 0] ?? 0));
  return most;
}

/** Full weighting: a coarse sample takes from the nine fine ones around it; `scale` makes up for the wider grid. */
function restrict(
  fine: Float32Array,
  fineWidth: number,
  to: Float32Array,
  coarse: Level,
  scale: number,
): void {
  const lastRow = fine.length / fineWidth - 2;
  for (let n = 0; n < coarse.unknown.length; n++) {
    const at = coarse.unknown[n] ?? 0;
    const row = Math.floor(at / coarse.width);
    const x = Math.min(fineWidth - 2, 2 * (at - row * coarse.width) - 1);
    const middle = Math.min(lastRow, 2 * row - 1) * fineWidth + x;
    const up = middle - fineWidth;
    const down = middle + fineWidth;
    const sides = (fine[middle - 1] ?? 0) + (fine[middle + 1] ?? 0) + (fine[up] ?? 0) + (fine[down] ?? 0);
    const corners = (fine[up - 1] ?? 0) + (fine[up + 1] ?? 0) + (fine[down - 1] ?? 0) + (fine[down + 1] ?? 0);
    to[at] = (scale * (4 * (fine[middle] ?? 0) + 2 * sides + corners)) / 16;
  }
}

/** Adds what the coarse grid found, linearly interpolated. */
function correct({ width, unknown, values }: Level, coarse: Level): void {
  const found = coarse.values;
  for (let n = 0; n < unknown.length; n++) {
    const at = unknown[n] ?? 0;
    const row = Math.floor(at / width);
    const column = at - row * width;
    const first = ((row + 1) >> 1) * coarse.width + ((column + 1) >> 1);
    const right = 1 - (column & 1);
    const below = (1 - (row & 1)) * coarse.width;
    const sum =
      (found[first] ?? 0) +
      (found[first + right] ?? 0) +
      (found[first + below] ?? 0) +
      (found[first + right + below] ?? 0);
    values[at] = (values[at] ?? 0) + sum / 4;
  }
}
