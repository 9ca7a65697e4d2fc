import { Differences, isWholeShift } from './cells.ts';
import { Membrane } from './membrane.ts';
import { type Match, type Motion, middleGray, onGrid } from './motion.ts';
import { type Hole, type Layer, unitsPerLevel } from './picture.ts';
import { sample, wholeSample } from './sample.ts';
import { type Neighbor, neighborsOf, type Sight } from './sight.ts';

/** So many crops are averaged in each place where as many show it … */
const wantedSources = 6;
/** … and so many are looked at. */
const mostSources = 16;
const mostFailures = 4;

/** What was found of one plane's hole in other crops. */
interface Found {
  readonly layer: Layer;
  /** For each place of the hole: sums over the crops of weights, of weighted brightness, and of weighted squared errors. */
  readonly weights: Float32Array;
  readonly values: Float32Array;
  readonly errors: Float32Array;
  readonly counts: Uint8Array;
}

/**
 * Fills the masked pixels of a crop from those around it in time and space.
 *
 * @param breathe - Called between steps of some milliseconds.
 * @returns its planes, copied.
 */
export async function fillCrop(
  row: readonly Sight[],
  from: number,
  reach: number,
  breathe: () => Promise<void>,
): Promise<readonly (Uint8Array | Uint16Array)[]> {
  const sight = row[from];
  if (!sight) return [];
  const found = sight.layers.map(emptyOf);
  const [luma] = sight.layers;
  if (luma && luma.hole.places.length > 0) await gather(row, from, reach, luma, found, breathe);
  const planes = [];
  for (const each of found) {
    planes.push(finish(each));
    await breathe();
  }
  return planes;
}

function emptyOf(layer: Layer): Found {
  const numbers = () => new Float32Array(layer.hole.places.length);
  return {
    layer,
    weights: numbers(),
    values: numbers(),
    errors: numbers(),
    counts: new Uint8Array(layer.hole.places.length),
  };
}

async function gather(
  row: readonly Sight[],
  from: number,
  reach: number,
  luma: Layer,
  found: readonly Found[],
  breathe: () => Promise<void>,
): Promise<void> {
  const sight = row[from];
  if (!sight) return;
  const { cells } = luma.hole;
  const counts = new Uint8Array(cells.length);
  let candidates: Candidate[] = [];
  for (const neighbor of neighborsOf(row, from, reach)) {
    const [seen] = neighbor.sight.layers;
    const full = fromHalf(neighbor.look.motion);
    const shown = seen ? cells.map((cell) => shows(cell, seen, full)) : [];
    if (shown.includes(true)) candidates.push({ ...neighbor, shown });
    await breathe();
  }
  let [sources, failures] = [0, 0];
  while (sources < mostSources && failures < mostFailures) {
    const best = bestOf(candidates, counts);
    if (!best) return;
    candidates = candidates.filter((each) => each !== best);
    await breathe();
    const match = sight.findIn(best.sight, best.look);
    if (!match) {
      failures++;
      continue;
    }
    sources++;
    for (const [at, isShown] of best.shown.entries()) if (isShown) counts[at] = (counts[at] ?? 0) + 1;
    const settled = sight.settle(best.sight, match);
    const full = { ...settled, motion: fromHalf(settled.motion) };
    for (const [index, each] of found.entries()) {
      const layer = best.sight.layers[index];
      if (layer) pull(each, layer, full, index > 0);
    }
  }
}

interface Candidate extends Neighbor {
  /** For each cell of the hole whether it is seen there. */
  readonly shown: readonly boolean[];
}

/** The one that shows most of what few others show; of equal ones the nearest. Null where none shows enough. */
function bestOf(candidates: readonly Candidate[], counts: Uint8Array): Candidate | null {
  let best: Candidate | null = null;
  let most = leastGain * counts.length;
  for (const candidate of candidates) {
    let gain = 0;
    for (let cell = 0; cell < counts.length; cell++) {
      if (candidate.shown[cell] === true) gain += gains[counts[cell] ?? 0] ?? 0;
    }
    gain *= candidate.isBeyondCut ? doubt : 1 / (1 + candidate.distance / 16);
    if (gain > most) [best, most] = [candidate, gain];
  }
  return best;
}

/** What one more crop is worth that shows a cell, by how many have shown it before. */
const gains = [1, 0.2, 0.1, 0.05, 0.03, 0.02];
const leastGain = 0.004;
/** What lies beyond a cut is tried last: a flash is no cut. */
const doubt = 0.01;

function fromHalf(motion: Motion): Motion {
  return onGrid(motion, 0.5, 0.5);
}

function shows(
  { x, y }: { readonly x: number; readonly y: number },
  { width, height, hole }: Layer,
  motion: Motion,
): boolean {
  const column = Math.round(motion.x0 + motion.xx * x + motion.xy * y);
  const row = Math.round(motion.y0 + motion.yx * x + motion.yy * y);
  const isInside = column >= 0 && row >= 0 && column < width && row < height;
  return isInside && hole.unknown[row * width + column] === 0;
}

/** Takes over what another crop shows of the hole, corrected by what its surroundings differ there. */
function pull(found: Found, other: Layer, match: Match, isChroma: boolean): void {
  const { layer, weights, values, errors, counts } = found;
  const { width, across, down, hole } = layer;
  const motion = onGrid(match.motion, across, down);
  const offset = isChroma ? 0 : match.offset;
  const look = { gain: match.gain, offset: middleGray + offset - match.gain * middleGray };
  const cells = new Differences(layer, other, motion, look);
  const isWhole = isWholeShift(motion);
  for (let n = 0; n < hole.places.length; n++) {
    if ((counts[n] ?? 0) >= wantedSources) continue;
    const at = hole.places[n] ?? 0;
    const y = Math.floor(at / width);
    const x = at - y * width;
    const seen = isWhole
      ? wholeSample(other, x + motion.x0, y + motion.y0)
      : sample(other, motion.x0 + motion.xx * x + motion.xy * y, motion.y0 + motion.yx * x + motion.yy * y);
    if (seen < 0) continue;
    cells.look(x, y);
    const error = cells.error + errorFloor;
    const weight = 1 / (error * error);
    const value = look.gain * seen + look.offset - cells.difference;
    weights[n] = (weights[n] ?? 0) + weight;
    values[n] = (values[n] ?? 0) + weight * value;
    errors[n] = (errors[n] ?? 0) + weight * error;
    counts[n] = (counts[n] ?? 0) + 1;
  }
}

/** Of a squared error: a tenth of a level. */
const errorFloor = (unitsPerLevel / 10) * (unitsPerLevel / 10);

const membranes = new WeakMap<Hole, Membrane>();

function finish({ layer, weights, values, errors }: Found): Uint8Array | Uint16Array {
  const { samples, width, height, scale, hole } = layer;
  const filled = samples.slice();
  if (hole.places.length === 0) return filled;
  const all = new Float32Array(width * height);
  for (let at = 0; at < all.length; at++) all[at] = scale * (samples[at] ?? 0);
  const growth = growthOf(layer);
  const [pulls, targets] = [new Float32Array(all.length), new Float32Array(all.length)];
  const start = meanOf(layer);
  for (let n = 0; n < hole.places.length; n++) {
    const at = hole.places[n] ?? 0;
    const weight = weights[n] ?? 0;
    const value = weight > 0 ? (values[n] ?? 0) / weight : start;
    all[at] = value;
    targets[at] = value;
    pulls[at] = weight > 0 ? (trust * growth * weight) / (errors[n] ?? 1) : 0;
  }
  const membrane = membranes.get(hole) ?? new Membrane(hole.unknown, layer);
  membranes.set(hole, membrane);
  membrane.solve(all, pulls, targets);
  const most = (256 * unitsPerLevel) / scale - 1;
  for (const at of hole.places) filled[at] = Math.max(0, Math.min(most, Math.round((all[at] ?? 0) / scale)));
  return filled;
}

/** How much more what other crops show counts than the smoothness of what is known. */
const trust = 8;

/** The mean square of how much known brightness changes from one sample to the next. */
function growthOf({ samples, width, height, scale, hole }: Layer): number {
  let [sum, pairs] = [0, 0];
  for (let y = 0; y < height; y++) {
    for (let at = y * width; at < (y + 1) * width - 1; at += 2) {
      if (hole.unknown[at] === 1 || hole.unknown[at + 1] === 1) continue;
      const change = (samples[at + 1] ?? 0) - (samples[at] ?? 0);
      sum += change * change;
      pairs++;
    }
  }
  return (scale * scale * sum) / Math.max(1, pairs) + 1;
}

function meanOf({ samples, width, height, scale, hole }: Layer): number {
  let [sum, count] = [0, 0];
  for (let at = 0; at < width * height; at++) {
    if (hole.unknown[at] === 1) continue;
    sum += samples[at] ?? 0;
    count++;
  }
  return count === 0 ? middleGray : (scale * sum) / count;
}
