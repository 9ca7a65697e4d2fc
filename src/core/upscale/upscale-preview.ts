import { expectedFinishMs } from '../frames/estimate.ts';
import type { Size } from '../hints/display-size.ts';
import type { Box } from '../regions/place-region.ts';

/** How long a way of upscaling was measured to need. */
export interface MeasuredPace {
  /** Milliseconds for one frame of the video, with all that is done to it. */
  readonly frameMs: number;
  /** Frames that it was measured with. */
  readonly frames: number;
  /** `pipeline`: decoded, upscaled and encoded as a run does; `sum`: frames of a slow model by themselves, and encoding besides. */
  readonly by: 'pipeline' | 'sum';
}

/** A way to make a video larger, and what came of trying it. */
export interface PreviewVariant {
  /** `Lanczos`, or the model's name. */
  readonly name: string;
  readonly engine: 'lanczos' | 'onnx';
  /** File of the model; null without one. */
  readonly model: string | null;
  /** How many times larger the model makes pictures; null where none was loaded. */
  readonly modelScale: number | null;
  /** Null where it could not be measured. */
  readonly pace: MeasuredPace | null;
  /** About how long the whole video takes, in milliseconds. */
  readonly wholeMs: number | null;
  /** Why it could not be tried, as a sentence; null where it was. */
  readonly failure: string | null;
}

/** A part of a frame as every variant makes it. */
export interface PreviewCrop {
  /** In pixels of the source's frame as stored. */
  readonly box: Box;
  /** In the picture as shown, in fractions of its sides. */
  readonly shown: Box;
  /** PNG file of the source's pixels, as many as the box has. */
  readonly source: Uint8Array;
  /** PNG files of the larger ones, one for each variant; null where that could not be tried. */
  readonly larger: readonly (Uint8Array | null)[];
}

export interface PreviewMoment {
  /** From 0. */
  readonly frame: number;
  readonly seconds: number;
  /** The whole frame as shown, small, as a JPEG file; null where it cannot be read. */
  readonly picture: Uint8Array | null;
  readonly crops: readonly PreviewCrop[];
}

/** What a video would look like, and how long it would take. */
export interface UpscalePreview {
  readonly video: string;
  readonly frames: number;
  readonly seconds: number;
  /** Of frames as stored. */
  readonly source: Size;
  readonly target: Size;
  /** Of a pixel, width to height, in the picture as shown. */
  readonly pixelAspect: number;
  /** Codec, quality and the like, for people. */
  readonly encoding: string;
  /** What is done to frames before; empty for nothing. */
  readonly filters: string;
  /** Whether the colours are those of HDR, which the page's pictures show as they are. */
  readonly isHdr: boolean;
  readonly variants: readonly PreviewVariant[];
  readonly moments: readonly PreviewMoment[];
  /** What a run would say before its work starts: sentences. */
  readonly notices: readonly string[];
}

/** About how long upscaling a whole video takes, in milliseconds. */
export function wholeVideoMs(
  { frameMs }: Pick<MeasuredPace, 'frameMs'>,
  frames: number,
  target: Size,
): number {
  return Math.round(frames * frameMs + expectedFinishMs(frames, target));
}

/** Milliseconds that measuring may take for one way of upscaling, about. */
const budgetMs = 5_000;
/** A slower frame is not made again just to be measured. */
const slowFrameMs = 1_200;
const frameLimits = { least: 8, most: 48 };

/**
 * How many frames to measure with, by how long one took with everything around it; 0: it is slow enough for that to be the measure.
 *
 * @param isEncoder - The encoder sets the pace, which one frame says nothing of: it is always measured.
 */
export function framesToMeasure(oneMs: number, available: number, isEncoder: boolean): number {
  if (oneMs > slowFrameMs && !isEncoder) return 0;
  const { least, most } = frameLimits;
  const wanted = Math.round(budgetMs / Math.max(1, oneMs));
  return Math.min(available, Math.max(least, Math.min(most, wanted)));
}

/**
 * What a frame takes, by the time of a few and of many: what both have alike, such as starting programs, is in neither.
 */
export function paceBetween(
  few: { readonly frames: number; readonly ms: number },
  many: { readonly frames: number; readonly ms: number },
): number {
  const between = (many.ms - few.ms) / Math.max(1, many.frames - few.frames);
  const most = many.ms / Math.max(1, many.frames);
  // A machine that was busy for a moment may turn the order.
  return between > 0 && many.frames > few.frames ? Math.min(between, most) : most;
}

/** Where a box of the source lies in the larger frame, in whole pixels; as large as it can be within. */
export function scaledBox({ x, y, width, height }: Box, from: Size, to: Size): Box {
  const [across, down] = [to.width / from.width, to.height / from.height];
  const [left, top] = [Math.round(x * across), Math.round(y * down)];
  return {
    x: left,
    y: top,
    width: Math.max(1, Math.min(to.width - left, Math.round(width * across))),
    height: Math.max(1, Math.min(to.height - top, Math.round(height * down))),
  };
}
