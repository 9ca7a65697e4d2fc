import type { Fraction } from '../frames/fraction.ts';

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** What a container says about how coded pictures are to be shown. */
interface CodedPicture extends Size {
  /** Width over height of one sample; 1/1 for square ones and where nothing is said. */
  readonly sampleAspect: Fraction;
  /** How far the picture is to be turned, in degrees, either way round. */
  readonly rotationDegrees: number;
}

/** A size in parts of a pixel. */
export interface ExactSize extends Size {
  /** How many parts make a pixel. */
  readonly perPixel: number;
}

/** The size at which a picture is shown, each side rounded to whole pixels. */
export interface DisplaySize extends Size {
  /** The same before it is rounded, for scaling it; absent where both sides are whole. */
  readonly exact?: ExactSize;
}

/**
 * The size in pixels at which a coded picture is shown. Non-square samples are evened out by enlarging the
 * shorter side, so that no detail is lost; a quarter turn swaps the sides. Other angles keep them, as ffmpeg does.
 */
export function displaySize({ width, height, sampleAspect, rotationDegrees }: CodedPicture): DisplaySize {
  const { numerator, denominator } = reduced(sampleAspect);
  const shown = { width: width * numerator, height: height * denominator };
  const perPixel = Math.min(numerator, denominator);
  const { width: across, height: down } = isQuarterTurn(rotationDegrees) ? turned(shown) : shown;
  const size = { width: roundedSide(across, perPixel), height: roundedSide(down, perPixel) };
  const isWhole = across % perPixel === 0 && down % perPixel === 0;
  return isWhole ? size : { ...size, exact: { width: across, height: down, perPixel } };
}

function turned({ width, height }: Size): Size {
  return { width: height, height: width };
}

function roundedSide(parts: number, perPixel: number): number {
  return Math.max(1, Math.round(parts / perPixel));
}

function reduced({ numerator, denominator }: Fraction): Fraction {
  let [divisor, rest] = [numerator, denominator];
  while (rest > 0) [divisor, rest] = [rest, divisor % rest];
  return { numerator: numerator / divisor, denominator: denominator / divisor };
}

/** ffmpeg takes an angle within one degree of a quarter turn for one. */
function isQuarterTurn(degrees: number): boolean {
  const folded = ((degrees % 180) + 180) % 180;
  return Math.abs(folded - 90) < 1;
}

/** A box that bounds nothing. */
export const anySize: Size = { width: Number.POSITIVE_INFINITY, height: Number.POSITIVE_INFINITY };

/**
 * The largest size with the video's display aspect ratio that fits `limit`, with even sides
 * (yuv420p cannot hold odd ones). Never enlarges. Computed from the exact size as shown, and rounded once.
 *
 * @param limit - Inclusive upper bound of each side, in pixels, at least 2.
 */
export function fitInside(display: DisplaySize, limit: Size): Size {
  const { width, height, perPixel } = display.exact ?? { ...display, perPixel: 1 };
  if (width <= limit.width * perPixel && height <= limit.height * perPixel) {
    return { width: toEven(width / perPixel), height: toEven(height / perPixel) };
  }
  // Products and quotients of whole numbers: no rounding comes before the last step.
  return limit.width * height <= limit.height * width
    ? { width: toEven(limit.width), height: toEven((limit.width * height) / width) }
    : { width: toEven((limit.height * width) / height), height: toEven(limit.height) };
}

/** Of these boxes the one in which a picture gets largest. */
export function roomiestBox(display: DisplaySize, boxes: readonly Size[]): Size | null {
  const areaIn = (box: Size) => {
    const { width, height } = fitInside(display, box);
    return width * height;
  };
  return boxes.reduce<Size | null>(
    (best, box) => (best !== null && areaIn(best) >= areaIn(box) ? best : box),
    null,
  );
}

/** What a model wants of a frame at least. */
export interface FrameLimits {
  /** Of the shorter side, in pixels. */
  readonly minSidePx: number;
  /** Longer side over shorter side. */
  readonly maxAspect: number;
}

/**
 * The size of a frame around a picture: the picture's own, or, where a model would not take that, with bars that make up for
 * what is missing. Frames with bars have even sides.
 */
export function frameAround({ width, height }: Size, limits: FrameLimits | null | undefined): Size {
  const leastPx = limits ? Math.max(limits.minSidePx, Math.max(width, height) / limits.maxAspect) : 0;
  if (Math.min(width, height) >= leastPx) return { width, height };
  const side = (pixels: number) => 2 * Math.ceil(Math.max(pixels, leastPx) / 2);
  return { width: side(width), height: side(height) };
}

function toEven(pixels: number): number {
  return Math.max(2, 2 * Math.floor(pixels / 2));
}

/** Reads `320x180`. Returns null for anything else, including sides of 0. */
export function parseSize(text: string): Size | null {
  const match = /^(\d{1,5})[xX×](\d{1,5})$/.exec(text.trim());
  if (!match) return null;
  const size = { width: Number(match[1]), height: Number(match[2]) };
  return size.width >= 2 && size.height >= 2 ? size : null;
}

export function formatSize(size: Size): string {
  return `${size.width}x${size.height}`;
}
