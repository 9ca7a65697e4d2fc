import type { Size } from '../hints/size.ts';
import { linearVisionTokens } from './linear.ts';
import { isPixtralRescaled, pixtralVisionTokens } from './pixtral.ts';
import { isQwenRescaled, qwenImageTokens } from './qwen2-5-vl.ts';

/** The estimators a person may choose, the default first. */
export const estimatorNames = ['linear', 'pixtral', 'qwen2.5-vl'] as const;

export type EstimatorName = (typeof estimatorNames)[number];

/** What a model, or the rule of thumb, makes of frames. */
interface TokenEstimator {
  readonly name: EstimatorName;
  /** Whether the count is the model's own, so that it needs no margin. */
  readonly isExact: boolean;
  /** Vision tokens of `frames` frames of this size in pixels. */
  visionTokens(size: Size, frames: number): number;
  /**
   * Whether a frame is brought to another area before it is counted. Among the sizes that are not, a larger one
   * never costs less; the largest and the smallest sizes have no such order.
   */
  isRescaled(size: Size): boolean;
}

export function estimatorNamed(name: EstimatorName): TokenEstimator {
  return estimators[name];
}

const estimators: Readonly<Record<EstimatorName, TokenEstimator>> = {
  linear: { name: 'linear', isExact: false, visionTokens: linearVisionTokens, isRescaled: () => false },
  pixtral: {
    name: 'pixtral',
    isExact: true,
    visionTokens: pixtralVisionTokens,
    isRescaled: isPixtralRescaled,
  },
  'qwen2.5-vl': {
    name: 'qwen2.5-vl',
    isExact: true,
    visionTokens: qwenImageTokens,
    isRescaled: isQwenRescaled,
  },
};
