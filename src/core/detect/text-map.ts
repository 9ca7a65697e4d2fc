import type { Size } from '../hints/display-size.ts';
import { type Detection, type Rect, unionOf } from './detection.ts';

/** How boxes are read from a map of text. */
export interface TextMapOptions {
  /** From this probability on a pixel is the core of a line of writing. */
  readonly threshold: number;
  /** Boxes whose pixels are less probable on average are dropped. */
  readonly leastScore: number;
}

/**
 * The lines of writing in the map of a DB detector ("Real-time Scene Text Detection with Differentiable Binarization",
 * Liao et al. 2019): for each pixel, how probable it is that it belongs to the core of a line. Pixels that touch are one
 * line; as its core is thinner than the line, its box grows by `area · ratio / circumference`, and a correction.
 *
 * @param map - Row by row, from 0 to 1.
 */
export function readTextMap(map: Float32Array, size: Size, options: TextMapOptions): Detection[] {
  const found: Detection[] = [];
  for (const { pixels, sum, rect } of coresOf(map, size, options.threshold)) {
    const [width, height] = [rect.right - rect.left, rect.bottom - rect.top];
    const score = sum / pixels;
    if (Math.min(width, height) < leastSide || score < options.leastScore) continue;
    const by = growthOf(pixels, width, height);
    if (Math.min(width, height) + 2 * by >= leastLine)
      found.push({ rect: grown(rect, by, size), score, label: 0 });
  }
  return joinLines(found);
}

/** Cores that are thinner are noise … */
const leastSide = 3;
/** … and so are lines that are too low to be read. */
const leastLine = 6;
/** What the offset is multiplied with. */
const ratio = 1.5;
/** The boxes of high lines are too low by a part of their height, and those of low ones too high by some pixels. */
const correction = { share: 0.19, pixels: -6, least: -1.5, most: 2 };

/** On each side, in pixels. The correction is what `scripts/bench/detect-text.ts` shows to lie closest around the writing. */
function growthOf(pixels: number, width: number, height: number): number {
  const by = (pixels * ratio) / (2 * (width + height));
  const lineHeight = Math.min(width, height) + 2 * by;
  const { share, pixels: offset, least, most } = correction;
  return by + Math.min(most, Math.max(least, share * lineHeight + offset));
}

interface Core {
  pixels: number;
  sum: number;
  rect: { left: number; top: number; right: number; bottom: number };
}

/** Pixels from the threshold on that touch, also at their corners. */
function* coresOf(map: Float32Array, { width, height }: Size, threshold: number): Generator<Core> {
  const isSeen = new Uint8Array(width * height);
  const stack: number[] = [];
  const visit = (at: number) => {
    if (isSeen[at] === 1 || (map[at] ?? 0) < threshold) return;
    isSeen[at] = 1;
    stack.push(at);
  };
  for (let first = 0; first < isSeen.length; first++) {
    visit(first);
    if (stack.length === 0) continue;
    const core: Core = { pixels: 0, sum: 0, rect: { left: width, top: height, right: 0, bottom: 0 } };
    for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
      const [x, y] = [at % width, Math.floor(at / width)];
      take(core, x, y, map[at] ?? 0);
      for (let row = Math.max(0, y - 1); row <= Math.min(height - 1, y + 1); row++)
        for (let column = Math.max(0, x - 1); column <= Math.min(width - 1, x + 1); column++)
          visit(row * width + column);
    }
    yield core;
  }
}

function take(core: Core, x: number, y: number, value: number): void {
  const { rect } = core;
  core.pixels += 1;
  core.sum += value;
  rect.left = Math.min(rect.left, x);
  rect.top = Math.min(rect.top, y);
  rect.right = Math.max(rect.right, x + 1);
  rect.bottom = Math.max(rect.bottom, y + 1);
}

/** Boxes have room for letters that reach above and below the others, whether there are any: so much of their height is not taken. */
const spare = { top: 0.03, bottom: 0.065 };

/** A line that runs across grows less above and below; of others it is not known where their letters stand. */
function grown({ left, top, right, bottom }: Rect, by: number, { width, height }: Size): Rect {
  const lineHeight = right - left >= bottom - top ? bottom - top + 2 * by : 0;
  return {
    left: Math.max(0, left - by),
    top: Math.max(0, top - by + spare.top * lineHeight),
    right: Math.min(width, right + by),
    bottom: Math.min(height, bottom + by - spare.bottom * lineHeight),
  };
}

/** A word of low letters is so much lower than one with tall ones. */
const leastHeight = 0.35;
/** Of the smaller height, both share so much. */
const leastShared = 0.6;
/** By the larger height, the gap between two words of a line. */
const widestGap = 0.7;

/** Words of one line become one box: whether they touch in the map changes by chance. */
function joinLines(words: readonly Detection[]): Detection[] {
  const lines: Detection[] = [];
  for (const word of words.toSorted((one, other) => one.rect.left - other.rect.left)) {
    const at = lines.findIndex((line) => isSameLine(line.rect, word.rect));
    const line = lines[at];
    if (line) lines[at] = joined(line, word);
    else lines.push(word);
  }
  return lines;
}

function isSameLine(line: Rect, word: Rect): boolean {
  const [high, low] = [line, word].map(({ top, bottom }) => bottom - top).sort((a, b) => b - a);
  if (high === undefined || low === undefined || low < leastHeight * high) return false;
  const shared = Math.min(line.bottom, word.bottom) - Math.max(line.top, word.top);
  const gap = Math.max(word.left - line.right, line.left - word.right);
  return shared > leastShared * low && gap < widestGap * high;
}

/** Its score is that of the better part. */
function joined(line: Detection, word: Detection): Detection {
  return {
    rect: unionOf(line.rect, word.rect),
    score: Math.max(line.score, word.score),
    label: line.label,
  };
}
