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
  const sums = new Uint32Array(width * height);
  for (let y = 0; y < height * factor; y++) {
    const row = Math.floor(y / factor) * width;
    let at = y * frame.width * 3;
    for (let column = 0; column < width; column++) {
      let sum = 0;
      for (let end = at + factor * 3; at < end; at += 3) sum += lumaAt(frame.data, at);
      sums[row + column] = (sums[row + column] ?? 0) + sum;
    }
  }
  const data = new Uint8Array(width * height);
  for (let at = 0; at < data.length; at++) data[at] = Math.round((sums[at] ?? 0) / (256 * factor * factor));
  return { width, height, data };
}

/** Rec. 601 luma times 256. */
function lumaAt(data: Uint8Array, at: number): number {
  return 77 * (data[at] ?? 0) + 150 * (data[at + 1] ?? 0) + 29 * (data[at + 2] ?? 0);
}
