import type { ModelFacts } from './model-facts.ts';
import { paddingWithin } from './tiles.ts';

/** For models that nothing is known of: as much as the widest of the small Real-ESRGAN models needs. */
const usualPadding = 34;
/**
 * Deep models look hundreds of pixels around, through dozens of layers. To compute that much several times over would
 * cost more than the picture itself; the tools that come with such models are content with 10.
 */
const maxPadding = 64;

/** How much a tile sees beyond what is taken from it, in pixels. */
interface PaddingChoice {
  readonly padding: number;
  /** Why seams may show; null when they cannot. */
  readonly note: string | null;
}

/** @param radius - How far the model looks around a pixel; null: not known. */
export function choosePadding(
  radius: number | null,
  { width, height }: Pick<ModelFacts, 'width' | 'height'>,
): PaddingChoice {
  const wanted = Math.min(radius ?? usualPadding, maxPadding);
  const padding = Math.min(paddingWithin(width, wanted), paddingWithin(height, wanted));
  if (radius !== null && padding >= radius) return { padding, note: null };
  const needed = radius === null ? 'an unknown number of' : radius;
  return { padding, note: `the model looks ${needed} pixels around each, and tiles overlap by ${padding}` };
}
