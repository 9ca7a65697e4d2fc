import type { Size } from '../../../core/hints/display-size.ts';
import type { ModelFacts } from './model-facts.ts';

/** A tile along one axis, in pixels of the small picture. */
export interface Span {
  /** Where the window begins that the model sees. */
  readonly windowBegin: number;
  /** The part of it that goes into the large picture: from here on … */
  readonly begin: number;
  /** … and before this. */
  readonly end: number;
}

/** How one side of a picture is cut. All windows have the same length. */
export interface Cut {
  readonly window: number;
  readonly spans: readonly Span[];
}

/** What a side is cut by, in pixels. */
export interface CutRules {
  readonly side: number;
  /** How much of the picture a window gives at most where it has neighbours on both sides; 0: all in one window. */
  readonly tile: number;
  /** What a window sees beyond that, on sides that are no edge of the picture. */
  readonly padding: number;
  /** Windows begin and end at multiples of this. */
  readonly alignment: number;
  /** The model takes windows of this length only; null when it takes any. */
  readonly fixed: number | null;
}

/**
 * Cuts a side into windows that overlap by twice the padding: so each pixel is taken from a window that sees the padding
 * all around it, or the picture's edge, where the whole picture would end, too. Only the last window may reach beyond
 * the picture: to the next multiple of the alignment, or to the model's fixed length.
 */
export function cutSide(rules: CutRules): Cut {
  const { side, alignment, fixed } = rules;
  const canvas = Math.max(fixed ?? 0, alignUp(side, alignment));
  const padding = alignUp(rules.padding, alignment);
  const longest = fixed ?? (rules.tile === 0 ? canvas : alignUp(rules.tile, alignment) + 2 * padding);
  if (canvas <= longest) return { window: fixed ?? canvas, spans: [{ windowBegin: 0, begin: 0, end: side }] };
  const count = Math.ceil((canvas - 2 * padding) / (longest - 2 * padding));
  // Tiles of one length, instead of a last one that is mostly overlap.
  const step = fixed === null ? alignUp((canvas - 2 * padding) / count, alignment) : fixed - 2 * padding;
  const window = step + 2 * padding;
  const edge = (index: number) => (index === 0 ? 0 : index === count ? side : index * step + padding);
  const spans = Array.from({ length: count }, (_, index) => ({
    windowBegin: Math.min(index * step, canvas - window),
    begin: edge(index),
    end: edge(index + 1),
  }));
  return { window, spans };
}

/**
 * The most padding, in pixels, that leaves a window of fixed length something to give: half of it at least.
 *
 * @param wanted - What the model needs.
 */
function paddingWithin(fixed: number | null, wanted: number): number {
  return fixed === null ? wanted : Math.min(wanted, Math.floor(fixed / 4));
}

/**
 * The tile for frames of a size: 0, for whole frames, where one has no more pixels than a tile with what is around it. It
 * takes no more memory then, and less time.
 */
export function tileFor({ width, height }: Size, tile: number, padding: number): number {
  return width * height <= (tile + 2 * padding) ** 2 ? 0 : tile;
}

function alignUp(value: number, step: number): number {
  return Math.ceil(value / step) * step;
}

/** For models that nothing is known of: as much as the widest of the small Real-ESRGAN models needs. */
const usualPadding = 34;
/**
 * Deep models look hundreds of pixels around, through dozens of layers. To compute that much several times over would
 * cost more than the picture itself; the tools that come with such models are content with 10.
 */
const maxPadding = 64;

/**
 * How much a tile sees beyond what is taken from it, in pixels; and why seams may show, null when they cannot.
 *
 * @param radius - How far the model looks around a pixel; null: not known.
 */
export function choosePadding(
  radius: number | null,
  { width, height }: Pick<ModelFacts, 'width' | 'height'>,
) {
  const wanted = Math.min(radius ?? usualPadding, maxPadding);
  const padding = Math.min(paddingWithin(width, wanted), paddingWithin(height, wanted));
  if (radius !== null && padding >= radius) return { padding, note: null };
  const needed = radius === null ? 'an unknown number of' : radius;
  return { padding, note: `the model looks ${needed} pixels around each, and tiles overlap by ${padding}` };
}
