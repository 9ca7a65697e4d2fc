import type { Size } from '../hints/display-size.ts';
import { budgetOf, type TokenRequest } from './budget.ts';
import { type EstimatorName, estimatorNamed, estimatorNames } from './estimator.ts';

/** The shapes whose largest size is looked for, with the steps in which it grows: whole patches, and even sides. */
export const shapes = [
  { name: '16:9', step: { width: 32, height: 18 } },
  { name: '4:3', step: { width: 16, height: 12 } },
  { name: '1:1', step: { width: 16, height: 16 } },
  { name: '9:16', step: { width: 18, height: 32 } },
] as const;

type Shape = (typeof shapes)[number];

/** What came of one request with pictures of a size. */
export interface SizeTest {
  readonly size: Size;
  /** As the server counted them; null where it refused. */
  readonly promptTokens: number | null;
  /** The server answered whole, and prompt and reserved output are within its context. */
  readonly isSafe: boolean;
}

export interface ShapeLimit {
  readonly shape: Shape['name'];
  readonly largest: Size | null;
  /** Whether the next size was refused; else models scale it down, or no larger one was tried. */
  readonly isRefusedAbove: boolean;
}

/** The most requests for one shape. */
export const maxTestsOfShape = 12;
/** How many there are for one shape where the estimator is right: its boundary, and a step to each side. */
export const usualTestsOfShape = 3;

/** No hint needs longer sides, in pixels. */
const longestSidePx = 4096;

/** How a server counts: its prompts have so many tokens besides what an estimator says of their pictures. */
interface Counting {
  readonly estimator: EstimatorName;
  readonly textTokens: number;
}

/**
 * The estimator that counts as the server does: the difference of all answers is one constant, which is what text and chat
 * template have. Null where there is none, or where too little was counted to tell.
 *
 * @param preferred - Where several do.
 */
export function countingEstimator(
  tests: readonly SizeTest[],
  frames: number,
  preferred: EstimatorName,
): Counting | null {
  const all = countingEstimators(tests, frames);
  return all.find(({ estimator }) => estimator === preferred) ?? all[0] ?? null;
}

function countingEstimators(tests: readonly SizeTest[], frames: number): Counting[] {
  return estimatorNames.flatMap((estimator) => {
    const counts = countsBy(estimator, tests, frames);
    const [textTokens = -1, ...others] = new Set(counts.map(({ rest }) => rest));
    const isDistinct = new Set(counts.map(({ vision }) => vision)).size > 1;
    const isSame = isDistinct && others.length === 0 && textTokens >= 0;
    return isSame && estimatorNamed(estimator).isExact ? [{ estimator, textTokens }] : [];
  });
}

/** What each answer's prompt has by an estimator: frames, and the rest. */
export function countsBy(estimator: EstimatorName, tests: readonly SizeTest[], frames: number) {
  return tests.flatMap(({ size, promptTokens }) => {
    if (promptTokens === null) return [];
    const vision = estimatorNamed(estimator).visionTokens(size, frames);
    return [{ vision, rest: promptTokens - vision }];
  });
}

/**
 * Looks for the largest safe size of a shape: at the boundary by the estimator and a step to each side, and from there on
 * by what the answers show, by doubling steps and by bisection. Yields the sizes to try, and is given what came of them.
 *
 * @param known - Of other shapes.
 */
export function* searchLargest(
  shape: Shape,
  request: Omit<TokenRequest, 'size'>,
  known: readonly SizeTest[],
): Generator<Size, ShapeLimit, SizeTest> {
  const tests = [...known];
  const tried = new Set<number>();
  let safe = 0;
  let refused = Number.POSITIVE_INFINITY;
  let stride = 1;
  let step = Math.max(1, aimFor(shape, request, tests).boundary);
  while (tried.size < maxTestsOfShape) {
    const test: SizeTest = yield sizeAt(shape, step);
    tests.push(test);
    tried.add(step);
    if (test.isSafe) safe = Math.max(safe, step);
    else if (step > safe) refused = step;
    const { boundary, last } = aimFor(shape, request, tests);
    const top = Math.min(refused, last + 1);
    // Two answers show how the server counts.
    if (tried.size === 1 && safe > 1) step = safe - 1;
    else if (top - safe <= 1) break;
    else if (boundary > safe && boundary < top && !tried.has(boundary)) [step, stride] = [boundary, 1];
    else {
      step = nextStep(safe, top, stride, { boundary, isRefused: refused <= last });
      stride *= 2;
    }
  }
  const largest = safe === 0 ? null : sizeAt(shape, safe);
  return { shape: shape.name, largest, isRefusedAbove: refused === safe + 1 };
}

/** A step between the largest safe one and `top`, where it is not known which is the boundary. */
function nextStep(
  safe: number,
  top: number,
  stride: number,
  { boundary, isRefused }: { readonly boundary: number; readonly isRefused: boolean },
): number {
  if (safe === 0) return Math.max(1, top - stride);
  if (!isRefused || boundary === safe) return Math.min(top - 1, safe + stride);
  return boundary >= top ? Math.max(safe + 1, top - stride) : Math.floor((safe + top) / 2);
}

/** The last step that should fit, and the last one that is worth a try: models scale larger ones down. */
function aimFor(
  shape: Shape,
  request: Omit<TokenRequest, 'size'>,
  tests: readonly SizeTest[],
): { readonly boundary: number; readonly last: number } {
  const { frames, outputReserved, limit } = request;
  const longest = Math.floor(longestSidePx / Math.max(shape.step.width, shape.step.height));
  const lastOf = (name: EstimatorName) =>
    lastStep(longest, (step) => !estimatorNamed(name).isRescaled(sizeAt(shape, step)));
  const boundaryBelow = (last: number, fits: (size: Size) => boolean) =>
    lastStep(last, (step) => fits(sizeAt(shape, step)));
  // While several count alike, the one that has larger sizes to try: the next answer tells them apart.
  const [counting] = countingEstimators(tests, frames).sort(
    (a, b) => lastOf(b.estimator) - lastOf(a.estimator),
  );
  if (counting) {
    const { visionTokens } = estimatorNamed(counting.estimator);
    const room = limit - outputReserved - counting.textTokens;
    const last = lastOf(counting.estimator);
    return { last, boundary: boundaryBelow(last, (size) => visionTokens(size, frames) <= room) };
  }
  const tokensByArea = lineThrough(tests);
  if (tokensByArea) {
    const fits = (size: Size) => tokensByArea(areaOf(size)) + outputReserved <= limit;
    return { last: longest, boundary: boundaryBelow(longest, fits) };
  }
  const boundary = boundaryBelow(lastOf(request.estimator), (size) => budgetOf({ ...request, size }).fits);
  return { last: longest, boundary };
}

/** Tokens of a prompt by its pictures' area, from the two largest answers. Null where these show nothing of the kind. */
function lineThrough(tests: readonly SizeTest[]): ((area: number) => number) | null {
  const points = tests
    .flatMap(({ size, promptTokens }) =>
      promptTokens === null ? [] : [{ area: areaOf(size), promptTokens }],
    )
    .sort((a, b) => b.area - a.area);
  const [large, small] = [points[0], points.find(({ area }) => area < (points[0]?.area ?? 0))];
  if (!large || !small || large.promptTokens <= small.promptTokens) return null;
  const perPixel = (large.promptTokens - small.promptTokens) / (large.area - small.area);
  return (area) => large.promptTokens + (area - large.area) * perPixel;
}

/** The largest from 1 on for which `holds`; 0 where it never does. */
function lastStep(longest: number, holds: (step: number) => boolean): number {
  let step = longest;
  while (step > 0 && !holds(step)) step -= 1;
  return step;
}

function sizeAt({ step }: Shape, steps: number): Size {
  return { width: step.width * steps, height: step.height * steps };
}

function areaOf({ width, height }: Size): number {
  return width * height;
}
