/** A rectangle by its edges, in pixels or in shares of a picture's sides; not rounded. */
export interface Rect {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** Something that was found in a picture. */
export interface Detection {
  /** In pixels of the picture. */
  readonly rect: Rect;
  /** From 0 to 1. */
  readonly score: number;
  /** Number of its class; 0 where there is only one. */
  readonly label: number;
}

export function areaOf({ left, top, right, bottom }: Rect): number {
  return Math.max(0, right - left) * Math.max(0, bottom - top);
}

/** The smallest rectangle that holds both. */
export function unionOf(one: Rect, other: Rect): Rect {
  return {
    left: Math.min(one.left, other.left),
    top: Math.min(one.top, other.top),
    right: Math.max(one.right, other.right),
    bottom: Math.max(one.bottom, other.bottom),
  };
}

/** Shared area of two rectangles by that of both together: 0 for apart, 1 for equal. */
export function overlapOf(one: Rect, other: Rect): number {
  const shared = areaOf({
    left: Math.max(one.left, other.left),
    top: Math.max(one.top, other.top),
    right: Math.min(one.right, other.right),
    bottom: Math.min(one.bottom, other.bottom),
  });
  const all = areaOf(one) + areaOf(other) - shared;
  return all > 0 ? shared / all : 0;
}

/** Non-maximum suppression: of detections of one class that overlap by more than `mostOverlap`, the one with the best score. */
export function suppressOverlaps(detections: readonly Detection[], mostOverlap: number): Detection[] {
  const kept: Detection[] = [];
  for (const each of detections.toSorted((one, other) => other.score - one.score)) {
    const isShadowed = kept.some(
      ({ label, rect }) => label === each.label && overlapOf(rect, each.rect) > mostOverlap,
    );
    if (!isShadowed) kept.push(each);
  }
  return kept;
}

/** Boxes are of one size where no side differs by more than this … */
const sizeTolerance = 0.2;
/** … and one thing where their middles are apart by no more than this part of their sides. */
const moveTolerance = 0.7;

/**
 * Whether two pictures show the same things, which may have moved a little: then nothing began or ended between them.
 *
 * @param leastScore - Weaker ones need no counterpart, but are one.
 */
export function showSameThings(
  one: readonly Detection[],
  other: readonly Detection[],
  leastScore: number,
): boolean {
  const areIn = (some: readonly Detection[], all: readonly Detection[]) =>
    some
      .filter(({ score }) => score >= leastScore)
      .every(({ rect }) => all.some((each) => isSameThing(rect, each.rect)));
  return areIn(one, other) && areIn(other, one);
}

function isSameThing(one: Rect, other: Rect): boolean {
  return (
    isAlike(one.left, one.right, other.left, other.right) &&
    isAlike(one.top, one.bottom, other.top, other.bottom)
  );
}

/** Along one side. */
function isAlike(start: number, end: number, otherStart: number, otherEnd: number): boolean {
  const [length, otherLength] = [end - start, otherEnd - otherStart];
  const [short, long] = length < otherLength ? [length, otherLength] : [otherLength, length];
  const apart = Math.abs(start + end - otherStart - otherEnd) / 2;
  return long - short <= sizeTolerance * long && apart <= moveTolerance * short;
}
