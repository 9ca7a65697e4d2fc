import { Differences, isWholeShift } from './differences.ts';
import type { Match } from './find-marks.ts';
import { type Affine, middleGray, onGrid } from './mapping.ts';
import { Membrane } from './membrane.ts';
import { type Hole, type Layer, sample, unitsPerLevel, wholeSample } from './picture.ts';
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

/** Crops of frames in a row, of which one is to be filled. */
export interface FillWindow {
  readonly row: readonly Sight[];
  readonly at: number;
  /** How many before and after it are looked at. */
  readonly reach: number;
}

/**
 * Fills the masked pixels of a crop from those around it in time and space.
 *
 * @param breathe - Called between steps of some milliseconds.
 * @returns its planes, copied.
 */
export async function fillCrop(
  window: FillWindow,
  breathe: () => Promise<void>,
): Promise<readonly (Uint8Array | Uint16Array)[]> {
  const sight = window.row[window.at];
  if (!sight) return [];
  const found = sight.layers.map(emptyOf);
  for await (const other of sourcesOf(sight, window, breathe)) {
    for (const [index, each] of found.entries()) {
      const layer = other.sight.layers[index];
      if (layer) pull(each, layer, other.match, index > 0);
      await breathe();
    }
  }
  const planes = [];
  for (const each of found) {
    planes.push(await finish(each, breathe));
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

/** Other crops that show what the hole hides, those first that show most of what is not seen yet. Matches are in pixels. */
async function* sourcesOf(
  sight: Sight,
  { row, at, reach }: FillWindow,
  breathe: () => Promise<void>,
): AsyncGenerator<{ readonly sight: Sight; readonly match: Match }> {
  const cells = sight.layers[0]?.hole.cells ?? [];
  if (cells.length === 0) return;
  const counts = new Uint8Array(cells.length);
  const candidates = new Set<Candidate>();
  for (const neighbor of neighborsOf(row, at, reach)) {
    const [seen] = neighbor.sight.layers;
    const motion = fromHalf(neighbor.mapping.motion);
    const shown = seen ? cells.map((cell) => shows(cell, seen, motion)) : [];
    if (shown.includes(true)) candidates.add({ ...neighbor, shown });
    await breathe();
  }
  let [sources, failures] = [0, 0];
  while (sources < mostSources && failures < mostFailures) {
    const best = bestOf(candidates, counts);
    if (!best) return;
    candidates.delete(best);
    const match = sight.findIn(best.sight, best.mapping);
    if (!match) {
      failures++;
      continue;
    }
    sources++;
    for (const [cell, isShown] of best.shown.entries()) if (isShown) counts[cell] = (counts[cell] ?? 0) + 1;
    yield { sight: best.sight, match: { ...match, motion: fromHalf(match.motion) } };
    await breathe();
  }
}

interface Candidate extends Neighbor {
  /** For each cell of the hole whether it is seen there. */
  readonly shown: readonly boolean[];
}

/** The one that shows most of what few others show; of equal ones the nearest. Null where none shows enough. */
function bestOf(candidates: ReadonlySet<Candidate>, counts: Uint8Array): Candidate | null {
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

function fromHalf(motion: Affine): Affine {
  return onGrid(motion, 0.5, 0.5);
}

function shows(
  { x, y }: { readonly x: number; readonly y: number },
  { width, height, hole }: Layer,
  motion: Affine,
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
  const brightness = { gain: match.gain, offset: middleGray + offset - match.gain * middleGray };
  const cells = new Differences(layer, other, motion, brightness);
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
    cells.moveTo(x, y);
    const error = cells.error + errorFloor;
    const weight = 1 / (error * error);
    const value = brightness.gain * seen + brightness.offset - cells.difference;
    weights[n] = (weights[n] ?? 0) + weight;
    values[n] = (values[n] ?? 0) + weight * value;
    errors[n] = (errors[n] ?? 0) + weight * error;
    counts[n] = (counts[n] ?? 0) + 1;
  }
}

/** Of a squared error: a tenth of a level. */
const errorFloor = (unitsPerLevel / 10) * (unitsPerLevel / 10);

const membranes = new WeakMap<Hole, Membrane>();

async function finish(
  { layer, weights, values, errors }: Found,
  breathe: () => Promise<void>,
): Promise<Uint8Array | Uint16Array> {
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
  await breathe();
  await membrane.solve(all, pulls, targets, breathe);
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
