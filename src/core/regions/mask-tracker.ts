import type { Size } from '../hints/display-size.ts';
import type { Box } from './place-region.ts';

/** Pixels of a row from `start` to the one before `end`. */
interface Run {
  readonly row: number;
  readonly start: number;
  readonly end: number;
}

/** Pixels that belong together. */
interface Patch {
  readonly box: Box;
  readonly runs: readonly Run[];
}

/** A patch over some frames. */
interface Track {
  readonly firstFrame: number;
  frames: number;
  box: Box;
  /** Pixels of the largest patch so far. */
  largestPx: number;
  readonly steps: { frames: number; readonly runs: Run[] }[];
}

/** A region whose pixels are those of masks; those that are equal have equal texts. */
export interface TrackedRegion {
  readonly firstFrame: number;
  readonly frames: number;
  readonly box: Box;
  /** In order: how many frames have which mask of the box, by {@link runsText}. */
  readonly masks: readonly { readonly frames: number; readonly text: string }[];
}

/** Patches that are closer are one: their crops would overlap. In pixels. */
const gapPx = 16;
/** More patches than this are taken for one: their number would cost more than the pixels between them. */
const maxPatches = 32;
/** A box over several frames may be so many times as large as the patch itself … */
const maxGrowth = 2.5;
/** … or of so many pixels, … */
const smallPx = 128 * 128;
/** … and has at most so many different masks, which bounds what is held in memory. */
const maxSteps = 240;

/** Finds the regions that masks cover: a box for each patch, fixed over as many frames as it stays about there. */
export class MaskTracker {
  readonly #size: Size;
  readonly #done: TrackedRegion[] = [];
  #open: Track[] = [];
  #last: Uint8Array | null = null;
  #frames = 0;

  constructor(size: Size) {
    this.#size = size;
  }

  /** The mask of the next frame, one byte a pixel: not 0 where it is to be processed. Null: that of the frame before. */
  add(mask: Uint8Array | null): void {
    const frame = this.#frames++;
    if (mask === null || (this.#last !== null && Buffer.compare(mask, this.#last) === 0)) {
      for (const track of this.#open) {
        track.frames += 1;
        const step = track.steps.at(-1);
        if (step) step.frames += 1;
      }
      return;
    }
    this.#last = mask.slice();
    const stayed = new Set<Track>();
    for (const patch of patchesOf(mask, this.#size)) {
      const track = this.#trackFor(patch, frame, stayed) ?? this.#opened(patch, frame);
      extend(track, patch, frame);
      stayed.add(track);
    }
    for (const track of this.#open) if (!stayed.has(track)) this.#done.push(closed(track));
    this.#open = this.#open.filter((track) => stayed.has(track));
  }

  /** All regions, in the order of their first frames. */
  finish(): TrackedRegion[] {
    const all = [...this.#done, ...this.#open.map(closed)];
    this.#open = [];
    return all.sort((one, other) => one.firstFrame - other.firstFrame);
  }

  #trackFor(patch: Patch, frame: number, stayed: ReadonlySet<Track>): Track | null {
    const found = this.#open.find((track) => {
      if (track.steps.length >= maxSteps && !stayed.has(track)) return false;
      if (track.firstFrame + track.frames < frame || !isNear(track.box, patch.box)) return false;
      const px = Math.max(track.largestPx, areaOf(patch.box));
      return areaOf(union(track.box, patch.box)) <= Math.max(smallPx, maxGrowth * px);
    });
    return found ?? null;
  }

  #opened({ box }: Patch, frame: number): Track {
    const track: Track = { firstFrame: frame, frames: 0, box, largestPx: 0, steps: [] };
    this.#open.push(track);
    return track;
  }
}

function extend(track: Track, { box, runs }: Patch, frame: number): void {
  track.box = union(track.box, box);
  track.largestPx = Math.max(track.largestPx, areaOf(box));
  const step = track.steps.at(-1);
  // Two patches of a frame may be of one track.
  if (step && track.firstFrame + track.frames > frame) {
    step.runs.push(...runs);
    return;
  }
  track.frames += 1;
  track.steps.push({ frames: 1, runs: [...runs] });
}

function closed({ firstFrame, frames, box, steps }: Track): TrackedRegion {
  const masks = steps.map((step) => ({ frames: step.frames, text: runsText(step.runs, box) }));
  return { firstFrame, frames, box, masks };
}

/** The patches of a mask, in no particular order; runs of each from top to bottom. */
function patchesOf(mask: Uint8Array, size: Size): Patch[] {
  const runs = runsOf(mask, size);
  const roots = joinedRuns(runs);
  const patches = new Map<number, { box: Box; runs: Run[] }>();
  for (const [index, run] of runs.entries()) {
    const root = rootOf(roots, index);
    const box = { x: run.start, y: run.row, width: run.end - run.start, height: 1 };
    const known = patches.get(root);
    if (known) {
      known.box = union(known.box, box);
      known.runs.push(run);
    } else patches.set(root, { box, runs: [run] });
  }
  return joinedPatches([...patches.values()]);
}

function runsOf(mask: Uint8Array, { width, height }: Size): Run[] {
  const runs: Run[] = [];
  for (let row = 0; row < height; row++) {
    const line = mask.subarray(row * width, (row + 1) * width);
    for (let x = 0; x < width; x++) {
      if (line[x] === 0) continue;
      const start = x;
      while (x < width && line[x] !== 0) x++;
      runs.push({ row, start, end: x });
    }
  }
  return runs;
}

/** A forest in which runs that touch, corners included, have one root. */
function joinedRuns(runs: readonly Run[]): Int32Array {
  const parents = Int32Array.from(runs, (_, index) => index);
  let above = 0;
  for (const [index, run] of runs.entries()) {
    for (let at = above; at < index; at++) {
      const other = runs[at];
      if (!other || other.row < run.row - 1 || (other.row < run.row && other.end < run.start)) {
        // Runs further right in this row cannot touch it either.
        if (at === above) above += 1;
        continue;
      }
      if (other.row >= run.row || other.start > run.end) break;
      parents[rootOf(parents, index)] = rootOf(parents, at);
    }
  }
  return parents;
}

function rootOf(parents: Int32Array, index: number): number {
  let root = index;
  while (parents[root] !== root) {
    parents[root] = parents[parents[root] ?? root] ?? root;
    root = parents[root] ?? root;
  }
  return root;
}

function joinedPatches(patches: readonly Patch[]): Patch[] {
  let joined: { box: Box; runs: Run[] }[] = [];
  for (const { box, runs } of patches) {
    let whole = { box, runs: [...runs] };
    for (let isGrowing = true; isGrowing; ) {
      const isOne = patches.length > maxPatches;
      const near = joined.filter((other) => isOne || isNear(other.box, whole.box));
      isGrowing = near.length > 0;
      joined = joined.filter((other) => !near.includes(other));
      for (const other of near)
        whole = { box: union(whole.box, other.box), runs: other.runs.concat(whole.runs) };
    }
    joined.push(whole);
  }
  return joined;
}

function isNear(one: Box, other: Box): boolean {
  const across = Math.max(one.x, other.x) - Math.min(one.x + one.width, other.x + other.width);
  const down = Math.max(one.y, other.y) - Math.min(one.y + one.height, other.y + other.height);
  return across <= gapPx && down <= gapPx;
}

function union(one: Box, other: Box): Box {
  const [x, y] = [Math.min(one.x, other.x), Math.min(one.y, other.y)];
  return {
    ...{ x, y },
    width: Math.max(one.x + one.width, other.x + other.width) - x,
    height: Math.max(one.y + one.height, other.y + other.height) - y,
  };
}

function areaOf({ width, height }: Size): number {
  return width * height;
}

/**
 * A mask of a box: how many pixels in a row, row by row, are not masked and masked in turn, beginning with those that are
 * not; in base 36, with commas.
 */
function runsText(runs: readonly Run[], box: Box): string {
  const counts: number[] = [];
  const inOrder = [...runs].sort((one, other) => one.row - other.row || one.start - other.start);
  let at = 0;
  for (const { row, start, end } of inOrder) {
    const first = (row - box.y) * box.width + start - box.x;
    if (first === at && counts.length > 0) counts.push((counts.pop() ?? 0) + end - start);
    else counts.push(first - at, end - start);
    at = first + end - start;
  }
  return counts.map((count) => count.toString(36)).join(',');
}

/** The mask that a text of runs says, one byte a pixel: 1 where it is masked. @throws Error for one that leaves the box. */
export function maskOfText(text: string, { width, height }: Size): Uint8Array {
  const mask = new Uint8Array(width * height);
  let at = 0;
  for (const [index, count] of text.split(',').entries()) {
    const end = at + Number.parseInt(count, 36);
    if (!(end >= at && end <= mask.length)) throw new Error('a mask does not fit its box');
    if (index % 2 === 1) mask.fill(1, at, end);
    at = end;
  }
  return mask;
}
