import {
  anySize,
  type DisplaySize,
  type FrameLimits,
  fitInside,
  frameAround,
  type Size,
} from '../hints/display-size.ts';
import { type EstimatorName, estimatorNamed } from './estimator.ts';

/**
 * Tokens that a prompt consists of besides text and frames, unless more is known: begin of sequence, begin and end of
 * instruction. Chat templates of servers may add a system prompt and the names of roles.
 */
export const fewestControlTokens = 3;

/** One prompt, as far as its tokens go. */
export interface TokenRequest {
  readonly estimator: EstimatorName;
  /** Size of the picture in each frame, in pixels; null when only text is sent. */
  readonly size: Size | null;
  /** Frames are as large as these want, whatever the picture; null or undefined: as large as the picture. */
  readonly frameLimits?: FrameLimits | null | undefined;
  readonly frames: number;
  readonly textTokens: number;
  /** What the chat template adds; {@link fewestControlTokens} where it is not known. */
  readonly controlTokens?: number | undefined;
  /** The longest answer that is asked for, in tokens. */
  readonly outputReserved: number;
  /** The model's context length, in tokens. */
  readonly limit: number;
}

/** Where the tokens of one prompt go, and whether they fit. */
export interface TokenBudget {
  readonly vision: number;
  readonly text: number;
  readonly control: number;
  readonly outputReserved: number;
  /** The plain sum of the four, without any margin. */
  readonly total: number;
  readonly limit: number;
  /** What the total may be at most once the estimator's margin is kept. */
  readonly safeLimit: number;
  readonly fits: boolean;
  /** Not even without frames would it fit. */
  readonly isTextAloneTooLong: boolean;
}

/**
 * Checks `vision + text + control + reserved output <= limit` with the margin that the estimator needs: an inexact
 * one uses only 90 % of the limit (4096 → 3686), an exact one counts 10 % more for the text alone, which is
 * always estimated.
 */
export function budgetOf(request: TokenRequest): TokenBudget {
  const frame = request.size && frameAround(request.size, request.frameLimits);
  const vision = frame ? estimatorNamed(request.estimator).visionTokens(frame, request.frames) : 0;
  const { controlTokens: control = fewestControlTokens } = request;
  const withoutVision = request.textTokens + control + request.outputReserved;
  const room = visionRoom(request);
  return {
    vision,
    text: request.textTokens,
    control,
    outputReserved: request.outputReserved,
    total: vision + withoutVision,
    limit: request.limit,
    safeLimit: withoutVision + room,
    fits: vision <= room,
    isTextAloneTooLong: room < 0,
  };
}

/** How many vision tokens the text leaves room for; negative when the text alone is too long. */
export function visionRoom(request: Omit<TokenRequest, 'size'>): number {
  const { controlTokens = fewestControlTokens } = request;
  const withoutVision = request.textTokens + controlTokens + request.outputReserved;
  const usable = estimatorNamed(request.estimator).isExact
    ? request.limit - Math.ceil(request.textTokens / 10)
    : Math.floor((request.limit * 9) / 10);
  return usable - withoutVision;
}

/** The longer side of the smallest size that is offered, in pixels: below it a model recognises nothing. */
export const minLongerSidePx = 32;

/**
 * The largest even size with the video's display aspect ratio whose frames fit the token limit: never larger than
 * the video, and never below 32 px on the longer side unless the video itself is. Null when no such size fits.
 *
 * @param request - The rest of the prompt.
 * @param box - Inclusive upper bound of each side, in pixels.
 */
export function largestSizeThatFits(
  display: DisplaySize,
  request: Omit<TokenRequest, 'size'>,
  box: Size = anySize,
): Size | null {
  const estimator = estimatorNamed(request.estimator);
  const room = visionRoom(request);
  const frameOf = (size: Size) => frameAround(size, request.frameLimits);
  const fits = (size: Size) => estimator.visionTokens(frameOf(size), request.frames) <= room;

  const longest = longerSide(fitInside(display, box));
  const firstStep = Math.min(minLongerSidePx, longest);
  let step = longest + 1;
  // Where the model rescales, the cost goes up and down by a row or a column: every size has to be looked at.
  for (; step >= firstStep; step--) {
    const size = sizeAt(display, box, step);
    if (!estimator.isRescaled(frameOf(size))) break;
    if (fits(size)) return size;
  }
  // Below, it only falls, until the sizes that are so small that the model enlarges them.
  step = lastThat(firstStep, step, (candidate) => {
    const size = sizeAt(display, box, candidate);
    return fits(size) || estimator.isRescaled(frameOf(size));
  });
  for (; step >= firstStep; step--) {
    const size = sizeAt(display, box, step);
    if (fits(size)) return size;
  }
  return null;
}

/**
 * Every size the video can be scaled down to, in rising order. An even step is the length of the longer side in
 * pixels; before that side grows again the shorter one may grow once, and that size is the odd step.
 */
function sizeAt(display: DisplaySize, box: Size, step: number): Size {
  const longer = 2 * Math.floor(step / 2);
  const within = ({ width, height }: Size) =>
    fitInside(display, { width: Math.min(width, box.width), height: Math.min(height, box.height) });
  const first = within({ width: longer, height: longer });
  if (step % 2 === 0) return first;
  const second = within(
    display.width >= display.height
      ? { ...anySize, height: first.height + 2 }
      : { ...anySize, width: first.width + 2 },
  );
  return longerSide(second) === longerSide(first) ? second : first;
}

function longerSide(size: Size): number {
  return Math.max(size.width, size.height);
}

/** The last of `from..to` for which `holds`, where it holds up to some number and not after; else `from - 1`. */
function lastThat(from: number, to: number, holds: (candidate: number) => boolean): number {
  let low = from - 1;
  let high = to;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (holds(middle)) low = middle;
    else high = middle - 1;
  }
  return low;
}
