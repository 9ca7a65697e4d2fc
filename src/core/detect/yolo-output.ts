import type { Size } from '../hints/display-size.ts';
import { type Detection, suppressOverlaps } from './detection.ts';

/**
 * How the output of a YOLO export is laid out.
 * - `anchor-free`: [1, 4 + classes, cells], of YOLOv8, v9 and 11: centre x, y, width, height, a score for each class.
 * - `anchored`: [1, 3 · cells, 5 + classes], of YOLOv5 and v7: the same with the score of any object before the classes'.
 * - `end-to-end`: [1, boxes, 6]: left, top, right, bottom, score, class; overlaps are gone already.
 */
export type YoloHead = 'anchor-free' | 'anchored' | 'end-to-end';

const strides = [8, 16, 32];
const largestStride = 64;

/**
 * Which head gives an output of this shape, by the number of cells that an input of this size has; null for none.
 *
 * @param dims - Of the output: batch first.
 */
export function yoloHeadOf(dims: readonly number[], { width, height }: Size): YoloHead | null {
  const [batch, rows = 0, columns = 0, ...more] = dims;
  if (batch !== 1 || more.length > 0) return null;
  const cellsOf = (all: readonly number[]) =>
    all.reduce((sum, side) => sum + Math.ceil(width / side) * Math.ceil(height / side), 0);
  const cells = [cellsOf(strides), cellsOf([...strides, largestStride])];
  if (rows > 4 && cells.includes(columns)) return 'anchor-free';
  if (columns > 5 && cells.some((count) => 3 * count === rows)) return 'anchored';
  return columns === 6 && rows > 0 ? 'end-to-end' : null;
}

/** Overlap beyond which the weaker of two boxes is the same thing found twice. */
const mostOverlap = 0.45;

/**
 * What a YOLO export found, in pixels of its input.
 *
 * @param values - Its output, as {@link YoloHead} says.
 * @param leastScore - Less is dropped.
 */
export function readYoloOutput(
  values: Float32Array,
  dims: readonly number[],
  head: YoloHead,
  leastScore: number,
): Detection[] {
  const [, rows = 0, columns = 0] = dims;
  const isAcross = head === 'anchor-free';
  const [boxes, facts] = isAcross ? [columns, rows] : [rows, columns];
  const factOf = isAcross
    ? (box: number, fact: number) => values[fact * columns + box] ?? 0
    : (box: number, fact: number) => values[box * columns + fact] ?? 0;
  const found: Detection[] = [];
  for (let box = 0; box < boxes; box++) {
    const each = head === 'end-to-end' ? finished(box, factOf) : decoded(box, facts, head, factOf);
    if (each.score >= leastScore) found.push(each);
  }
  return head === 'end-to-end' ? found : suppressOverlaps(found, mostOverlap);
}

type FactOf = (box: number, fact: number) => number;

function finished(box: number, factOf: FactOf): Detection {
  const [left, top, right, bottom] = [0, 1, 2, 3].map((fact) => factOf(box, fact));
  return {
    rect: { left: left ?? 0, top: top ?? 0, right: right ?? 0, bottom: bottom ?? 0 },
    score: factOf(box, 4),
    label: Math.round(factOf(box, 5)),
  };
}

function decoded(box: number, facts: number, head: YoloHead, factOf: FactOf): Detection {
  const firstClass = head === 'anchored' ? 5 : 4;
  let [label, best] = [0, 0];
  for (let fact = firstClass; fact < facts; fact++) {
    const score = factOf(box, fact);
    if (score > best) [label, best] = [fact - firstClass, score];
  }
  const [x, y] = [factOf(box, 0), factOf(box, 1)];
  const [halfWidth, halfHeight] = [factOf(box, 2) / 2, factOf(box, 3) / 2];
  return {
    rect: { left: x - halfWidth, top: y - halfHeight, right: x + halfWidth, bottom: y + halfHeight },
    score: head === 'anchored' ? best * factOf(box, 4) : best,
    label,
  };
}
