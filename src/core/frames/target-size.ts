import { displaySize, formatSize, type Size } from '../hints/display-size.ts';
import type { VideoStreamFacts } from './video-facts.ts';

/** How many times the width and the height may be asked for. */
export const scaleLimits = { least: 0.1, most: 16 } as const;

/** Sizes that have a name, for pictures that are wider than high. */
const namedSizes: Readonly<Record<string, Size>> = {
  '480p': { width: 854, height: 480 },
  '576p': { width: 1024, height: 576 },
  '720p': { width: 1280, height: 720 },
  '1080p': { width: 1920, height: 1080 },
  '1440p': { width: 2560, height: 1440 },
  '2160p': { width: 3840, height: 2160 },
  '4320p': { width: 7680, height: 4320 },
  '2k': { width: 2560, height: 1440 },
  '4k': { width: 3840, height: 2160 },
  '5k': { width: 5120, height: 2880 },
  '8k': { width: 7680, height: 4320 },
};

/** As a message lists them. */
export const targetSizeForms = '3840x2160, 1920x, x1080, 1080p or 4k';

/** The box that a video is to fill, by its size as shown. */
export interface TargetBox {
  /** In pixels; null where the height alone decides … */
  readonly width: number | null;
  /** … or the width alone. */
  readonly height: number | null;
  /** Whether it lies or stands as the video does. */
  readonly isTurnable: boolean;
}

/** How large a result is to be: so many times the source, or as a text that {@link parseTargetSize} reads. */
export interface TargetRequest {
  readonly scale: number;
  /** Empty or missing: as `scale` says. */
  readonly size?: string | undefined;
}

/** Reads `3840x2160`, `1920x`, `x1080` and names such as `4k` and `1080p`; null for anything else. */
export function parseTargetSize(text: string): TargetBox | null {
  const name = text.trim().toLowerCase();
  if (Object.hasOwn(namedSizes, name) && namedSizes[name]) return { ...namedSizes[name], isTurnable: true };
  const [, width = '', height = ''] = /^(\d{0,5})[x×](\d{0,5})$/.exec(name) ?? [];
  const box = { width: sideOf(width), height: sideOf(height), isTurnable: false };
  const isBox = (box.width !== null || box.height !== null) && box.width !== 0 && box.height !== 0;
  return isBox ? box : null;
}

/** 0 for a side that is too small; null for none. */
function sideOf(text: string): number | null {
  if (text === '') return null;
  return Number(text) >= 2 ? Number(text) : 0;
}

/** Sides of a box that differ by less from those of the result are filled: a pixel is nothing that a person sees. */
const filledShare = 0.005;

/**
 * How many times each side of the frames as stored is made larger. One number for both sides, so that nothing is
 * distorted or cut: where the video has another shape than the box, the result is smaller than the box in one direction.
 * The box is that of the video as shown: its pixels may be no squares, and it may be turned.
 */
export function scaleOfTarget(
  video: Pick<VideoStreamFacts, 'size' | 'sampleAspect' | 'rotationDegrees'>,
  { scale, size = '' }: TargetRequest,
): { readonly scale: number; readonly isBoxFilled: boolean } {
  const box = size === '' ? null : parseTargetSize(size);
  if (box === null) return { scale, isBoxFilled: true };
  const shown = displaySize({ ...video, ...video.size });
  const { width, height, perPixel } = shown.exact ?? { ...shown, perPixel: 1 };
  const isTurned = box.isTurnable && height > width;
  const [right, down] = isTurned ? [box.height, box.width] : [box.width, box.height];
  const scales = [
    ...(right === null ? [] : [(right * perPixel) / width]),
    ...(down === null ? [] : [(down * perPixel) / height]),
  ];
  const [least, most] = [Math.min(...scales), Math.max(...scales)];
  return { scale: least, isBoxFilled: least > most * (1 - filledShare) };
}

/**
 * So many times a size, each side rounded to the nearest one that the pixel format can hold: an even one where chroma is
 * kept for every second pixel. Halfway is rounded up.
 */
export function scaledSize({ width, height }: Size, scale: number, pixelFormat: string): Size {
  return {
    width: rounded(width * scale, /420|422/.test(pixelFormat) ? 2 : 1),
    height: rounded(height * scale, pixelFormat.includes('420') ? 2 : 1),
  };
}

/** Products of a decimal fraction are a little off where they are meant to be halfway. */
function rounded(pixels: number, step: number): number {
  return Math.max(step, step * Math.round(pixels / step + 1e-9));
}

/** How many times larger frames become, to three decimals; of one number where both sides are rounded alike. */
export function shownScale(frame: Size, target: Size): number {
  const ratio = Math.max(target.width, target.height) / Math.max(frame.width, frame.height);
  return Math.round(1000 * ratio) / 1000;
}

/** What a person has to know of a result's size: sentences. */
export function targetNotices(
  { frame, target }: { readonly frame: Size; readonly target: Size },
  { scale, isBoxFilled }: ReturnType<typeof scaleOfTarget>,
  size = '',
): string[] {
  const exact = { width: frame.width * scale, height: frame.height * scale };
  const isWhole = Number.isInteger(exact.width) && Number.isInteger(exact.height);
  const is = `The result is ${formatSize(target)}`;
  return [
    ...(isWhole && formatSize(exact) !== formatSize(target)
      ? [`${is}: its sides have to be even, unlike ${formatSize(exact)}.`]
      : []),
    ...(isBoxFilled
      ? []
      : [`${is}: the video has another shape than ${size}. It is neither distorted nor cut.`]),
    ...(target.width < frame.width ? [`${is}, which is smaller than the video's ${formatSize(frame)}.`] : []),
  ];
}
