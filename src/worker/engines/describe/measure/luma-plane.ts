import type { RgbFrame } from '../../../../ports/media-tool.ts';

/** Brightness of a frame, 0 to 255 (Rec. 601 luma), row by row. */
export interface LumaPlane {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

const maxSidePx = 320;

/**
 * The frame's brightness at no more than 320 pixels a side, by averaging whole blocks of pixels: fine enough for
 * edges and grain, small enough to look at every pixel.
 */
export function toLumaPlane(frame: RgbFrame): LumaPlane {
  const factor = Math.max(1, Math.ceil(Math.max(frame.width, frame.height) / maxSidePx));
  const width = Math.max(1, Math.floor(frame.width / factor));
  const height = Math.max(1, Math.floor(frame.height / factor));
  const data = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) data[y * width + x] = averageLuma(frame, x * factor, y * factor, factor);
  }
  return { width, height, data };
}

function averageLuma(frame: RgbFrame, left: number, top: number, factor: number): number {
  const right = Math.min(frame.width, left + factor);
  const bottom = Math.min(frame.height, top + factor);
  let sum = 0;
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) {
      const at = (y * frame.width + x) * 3;
      sum += 77 * (frame.data[at] ?? 0) + 150 * (frame.data[at + 1] ?? 0) + 29 * (frame.data[at + 2] ?? 0);
    }
  }
  return Math.round(sum / (256 * (right - left) * (bottom - top)));
}
