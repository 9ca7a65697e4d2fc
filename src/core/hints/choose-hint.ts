import { budgetOf, largestSizeThatFits, type TokenBudget } from '../tokens/budget.ts';
import type { EstimatorName } from '../tokens/estimator.ts';
import {
  anySize,
  type DisplaySize,
  type FrameLimits,
  fitInside,
  formatSize,
  frameAround,
  type Size,
} from './display-size.ts';
import type { VideoInfo } from './video-info.ts';

/** What bounds the frames that are sent. */
export interface HintRules {
  readonly autoResize: boolean;
  /** Box for the frames, or `auto` for the largest that the token limit allows. */
  readonly maxResolution: Size | 'auto';
  readonly frames: number;
  readonly estimator: EstimatorName;
  readonly controlTokens?: number | undefined;
  readonly outputReserved: number;
  readonly limit: number;
  /** What the model takes; null or undefined: anything. */
  readonly frameLimits?: FrameLimits | null | undefined;
}

/** The size of frames. */
export interface FrameSize extends Size {
  /** The picture inside, where a model takes no frames as small or as long: the rest is bars. */
  readonly picture?: Size;
}

/** Frames of a size, and what they cost with the prompt. */
interface SizedFrames {
  readonly size: FrameSize;
  readonly frames: number;
  readonly budget: TokenBudget;
}

/** What is sent of a video, or why nothing can be: then with what was found too large. */
type HintChoice =
  | ({ readonly action: 'as-is' | 'hint' } & SizedFrames)
  | ({
      readonly action: 'fail';
      readonly code: 'resolution-too-large' | 'prompt-too-long';
      readonly message: string;
    } & SizedFrames);

/** Boxes that are tried, in this order, when a hint cannot be made. */
const lowerBoxes: readonly Size[] = [
  { width: 256, height: 144 },
  { width: 192, height: 108 },
];

/** In a smaller one a model would see too little to say anything true: the prompt is too long then. */
const lowestBox: Size = { width: 192, height: 108 };

/** Decides what hint a video needs, by the table "What happens to a spec" of `docs/specs.md`. */
export function chooseHint(video: VideoInfo, textTokens: number, rules: HintRules): HintChoice {
  const frames = Math.min(rules.frames, video.frames);
  const sized = (size: Size): SizedFrames => ({
    size: withBars(size, rules.frameLimits),
    frames,
    budget: budgetOf({ ...rules, size, frames, textTokens }),
  });
  const own = sized({ width: video.width, height: video.height });
  const smallest = sized(fitInside(video, lowestBox));
  if (own.budget.isTextAloneTooLong) return promptTooLong(smallest);
  if (own.budget.fits && isWithin(video, rules.maxResolution)) return { action: 'as-is', ...own };
  if (!rules.autoResize) return resolutionTooLarge(own, rules.maxResolution);
  for (const size of hintSizes(video, textTokens, frames, rules)) {
    const hint = sized(size);
    if (hint.budget.fits) return { action: 'hint', ...hint };
  }
  return promptTooLong(smallest);
}

/** Sizes below `size` that are tried, best first, when a hint cannot be made at `size`. */
export function lowerHintSizes(
  video: DisplaySize,
  size: FrameSize,
  limits?: FrameLimits | null | undefined,
): FrameSize[] {
  const { picture = size } = size;
  const sizes = lowerBoxes.map((box) => fitInside(video, box));
  const lower = sizes.filter(({ width, height }) => width < picture.width || height < picture.height);
  return lower.map((smaller) => withBars(smaller, limits));
}

function withBars(picture: Size, limits: FrameLimits | null | undefined): FrameSize {
  const frame = frameAround(picture, limits);
  const isWhole = frame.width === picture.width && frame.height === picture.height;
  return isWhole ? frame : { ...frame, picture: { width: picture.width, height: picture.height } };
}

/** The box's size, then the largest inside it that the token limit allows. */
function hintSizes(video: VideoInfo, textTokens: number, frames: number, rules: HintRules): Size[] {
  const isOpen = rules.maxResolution === 'auto';
  const box = isOpen ? anySize : rules.maxResolution;
  const largest = largestSizeThatFits(video, { ...rules, frames, textTokens }, box);
  const sizes = isOpen ? [largest] : [fitInside(video, box), largest];
  const lowest = fitInside(video, lowestBox);
  return sizes.filter(
    (size): size is Size => size !== null && size.width >= lowest.width && size.height >= lowest.height,
  );
}

function isWithin(size: Size, box: Size | 'auto'): boolean {
  return box === 'auto' || (size.width <= box.width && size.height <= box.height);
}

function promptTooLong(smallest: SizedFrames): HintChoice {
  const { budget } = smallest;
  const message =
    `The prompt has about ${budget.text} tokens; with ${budget.vision} for the smallest hint and ` +
    `${budget.outputReserved + budget.control} for the answer it exceeds the limit of ${budget.limit}.`;
  return { action: 'fail', code: 'prompt-too-long', message, ...smallest };
}

function resolutionTooLarge(own: SizedFrames, box: Size | 'auto'): HintChoice {
  const { size, frames, budget } = own;
  const what = `${frames} ${frames === 1 ? 'frame' : 'frames'} of ${formatSize(size.picture ?? size)}`;
  const message =
    budget.fits && box !== 'auto'
      ? `${what} need about ${budget.total} of ${budget.limit} tokens, but are larger than --max-resolution ${formatSize(box)}; --auto-resize makes a hint video.`
      : `${what} need about ${budget.total} tokens, the limit is ${budget.limit}; --auto-resize makes a hint video that fits.`;
  return { action: 'fail', code: 'resolution-too-large', message, ...own };
}
