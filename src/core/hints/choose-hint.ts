import { budgetOf, type TokenBudget } from '../tokens/budget.ts';
import type { EstimatorName } from '../tokens/estimator.ts';
import { largestSizeThatFits } from '../tokens/largest-size.ts';
import { fitInside } from './fit-inside.ts';
import { formatSize, type Size } from './size.ts';
import type { VideoInfo } from './video-info.ts';

/** What bounds the frames that are sent. */
export interface HintRules {
  readonly autoResize: boolean;
  /** Box for the frames, or `auto` for the largest that the token limit allows. */
  readonly maxResolution: Size | 'auto';
  /** Box that is tried next when `maxResolution` has too many tokens. */
  readonly safeResolution: Size;
  readonly frames: number;
  readonly estimator: EstimatorName;
  readonly outputReserved: number;
  readonly limit: number;
}

/** What is sent of a video, or why nothing can be. */
export type HintChoice =
  | {
      readonly action: 'as-is' | 'hint';
      readonly size: Size;
      readonly frames: number;
      readonly budget: TokenBudget;
    }
  | {
      readonly action: 'fail';
      readonly code: 'resolution-too-large' | 'prompt-too-long';
      readonly message: string;
    };

/** Boxes that are tried, in this order, when a hint cannot be made or is still too large. */
const lowerBoxes: readonly Size[] = [
  { width: 256, height: 144 },
  { width: 192, height: 108 },
];

/** Decides what hint a video needs, by the table "What happens to a spec" of `docs/specs.md`. */
export function chooseHint(video: VideoInfo, textTokens: number, rules: HintRules): HintChoice {
  const frames = Math.min(rules.frames, video.frames);
  const budgetAt = (size: Size) => budgetOf({ ...rules, size, frames, textTokens });
  const own = budgetAt(video);
  if (own.isTextAloneTooLong) return promptTooLong(own);
  const ownSize = { width: video.width, height: video.height };
  if (own.fits && isWithin(video, rules.maxResolution)) {
    return { action: 'as-is', size: ownSize, frames, budget: own };
  }
  if (!rules.autoResize) return resolutionTooLarge(ownSize, frames, own, rules.maxResolution);
  for (const size of hintSizes(video, textTokens, frames, rules)) {
    const budget = budgetAt(size);
    if (budget.fits) return { action: 'hint', size, frames, budget };
  }
  return promptTooLong(own);
}

/** Sizes below `size` that are tried, best first, when a hint cannot be made at `size`. */
export function lowerHintSizes(video: Size, size: Size): Size[] {
  const sizes = lowerBoxes.map((box) => fitInside(video, box));
  return sizes.filter((lower) => lower.width < size.width || lower.height < size.height);
}

function hintSizes(video: VideoInfo, textTokens: number, frames: number, rules: HintRules): Size[] {
  const boxes = [rules.safeResolution, ...lowerBoxes];
  if (rules.maxResolution !== 'auto') {
    return [rules.maxResolution, ...boxes].map((box) => fitInside(video, box));
  }
  const largest = largestSizeThatFits(video, { ...rules, frames, textTokens });
  return largest ? [largest] : [];
}

function isWithin(size: Size, box: Size | 'auto'): boolean {
  return box === 'auto' || (size.width <= box.width && size.height <= box.height);
}

function promptTooLong(budget: TokenBudget): HintChoice {
  const others = budget.control + budget.outputReserved;
  const message = `The prompt has about ${budget.text} tokens; with ${others} for the answer and the frames it exceeds the limit of ${budget.limit}.`;
  return { action: 'fail', code: 'prompt-too-long', message };
}

function resolutionTooLarge(size: Size, frames: number, budget: TokenBudget, box: Size | 'auto'): HintChoice {
  const what = `${frames} ${frames === 1 ? 'frame' : 'frames'} of ${formatSize(size)}`;
  const message =
    budget.fits && box !== 'auto'
      ? `${what} need about ${budget.total} of ${budget.limit} tokens, but are larger than --max-resolution ${formatSize(box)}; --auto-resize makes a hint video.`
      : `${what} need about ${budget.total} tokens, the limit is ${budget.limit}; --auto-resize makes a hint video that fits.`;
  return { action: 'fail', code: 'resolution-too-large', message };
}
