import {
  bitsOf,
  type FrameFormat,
  type FramePlane,
  planesOf,
  samplesOf,
} from '../../core/frames/frame-format.ts';
import type { Size } from '../../core/hints/display-size.ts';
import type { Box } from '../../core/regions/place-region.ts';
import type { RetoucherSpec } from '../../protocol/retouch.ts';
import type { CropEngine } from './crop-engine.ts';
import { sharpen, sharpenReachPx } from './sharpen.ts';

/** A crop of one frame, and where in it something is processed. */
interface PlainCrop {
  readonly samples: Uint8Array;
  readonly format: FrameFormat;
  /** Whether its numbers use the whole range. */
  readonly isFullRange: boolean;
  /** In pixels of the crop. */
  readonly mask: Box;
}

/** An engine that needs neither a model nor other frames. */
interface PlainEngine {
  /** How much it has to see around a mask of this size, in pixels. */
  reachPx(mask: Size, spec: RetoucherSpec): number;
  /** Changes the crop that it is given. */
  process(crop: PlainCrop, spec: RetoucherSpec): void;
}

type PlainKind = Exclude<RetoucherSpec['kind'], 'fill' | 'onnx' | 'command'>;

/** An engine that changes each crop by itself. */
export function plainEngine(kind: PlainKind, spec: RetoucherSpec): CropEngine {
  const engine = plainEngines[kind];
  return {
    ...{ radiusFrames: 0, lookaheadFrames: 0 },
    reachPx: (mask) => engine.reachPx(mask, spec),
    start: async () => undefined,
    process: async function* ({ format, color, box }, crops) {
      for await (const { samples, isWanted } of crops) {
        if (isWanted) engine.process({ samples, format, isFullRange: color.range === 'pc', mask: box }, spec);
        yield samples;
      }
    },
    stop: async () => undefined,
  };
}

export const plainEngines: Readonly<Record<PlainKind, PlainEngine>> = {
  blur: {
    reachPx: (mask, spec) => passes * blurRadius(mask, spec),
    process: (crop, spec) => {
      const radius = blurRadius(crop.mask, spec);
      for (const plane of planesOf(crop.format)) blurPlane(crop, plane, radius);
    },
  },
  pixelize: {
    reachPx: (mask, spec) => squareSide(mask, spec),
    process: (crop, spec) => {
      const side = squareSide(crop.mask, spec);
      for (const plane of planesOf(crop.format)) pixelizePlane(crop, plane, side);
    },
  },
  solid: {
    reachPx: () => 0,
    process: ({ samples, format, isFullRange }, { color }) => {
      const fill = yuvOf(color, format, isFullRange);
      const all = samplesOf(samples, format);
      for (const [index, { offset, width, height }] of planesOf(format).entries())
        all.fill(fill[index] ?? 0, offset, offset + width * height);
    },
  },
  lanczos: {
    reachPx: () => sharpenReachPx,
    process: ({ samples, format }, { strength }) => sharpen(samples, format, strength),
  },
};

/** A quarter of the shorter side is usual: of writing that fills the mask, nothing can be read. */
function blurRadius(mask: Size, { strength }: RetoucherSpec): number {
  return Math.max(1, Math.round((shorterSide(mask) * strength) / 400));
}

function squareSide(mask: Size, { strength }: RetoucherSpec): number {
  return 2 * Math.max(1, Math.round((shorterSide(mask) * strength) / 800));
}

function shorterSide({ width, height }: Size): number {
  return Math.min(width, height);
}

/** Three box blurs one after the other are close to a Gaussian one; each costs the same for any radius. */
const passes = 3;

function blurPlane({ samples, format }: PlainCrop, plane: FramePlane, radiusPx: number): void {
  const { offset, width, height } = plane;
  const data = samplesOf(samples, format).subarray(offset, offset + width * height);
  const across = new LineBlur(width, Math.max(1, Math.round(radiusPx / plane.across)));
  const down = new LineBlur(height, Math.max(1, Math.round(radiusPx / plane.down)));
  for (let row = 0; row < height; row++) across.blur(data, row * width, 1);
  for (let column = 0; column < width; column++) down.blur(data, column, width);
}

/** Blurs lines of equally many samples. Samples beyond the ends are those at the ends. */
class LineBlur {
  readonly #count: number;
  readonly #radius: number;
  /** Sums of the passes so far; each pass needs a radius less at both ends than the one before. */
  #from: Float64Array;
  #to: Float64Array;

  constructor(count: number, radius: number) {
    this.#count = count;
    this.#radius = radius;
    this.#from = new Float64Array(count + 2 * passes * radius);
    this.#to = new Float64Array(this.#from.length);
  }

  blur(data: Uint8Array | Uint16Array, start: number, step: number): void {
    const [count, radius] = [this.#count, this.#radius];
    const border = passes * radius;
    this.#from.fill(data[start] ?? 0, 0, border);
    for (let at = 0; at < count; at++) this.#from[border + at] = data[start + at * step] ?? 0;
    this.#from.fill(data[start + (count - 1) * step] ?? 0, border + count);
    let length = this.#from.length;
    for (let pass = 0; pass < passes; pass++) {
      length -= 2 * radius;
      this.#pass(length);
    }
    const scale = 1 / (2 * radius + 1) ** passes;
    for (let at = 0; at < count; at++) data[start + at * step] = Math.round((this.#from[at] ?? 0) * scale);
  }

  /** Sums of `2 * radius + 1` neighbours, `length` of them. */
  #pass(length: number): void {
    const [from, to, window] = [this.#from, this.#to, 2 * this.#radius + 1];
    let sum = 0;
    for (let at = 0; at < window - 1; at++) sum += from[at] ?? 0;
    for (let at = 0; at < length; at++) {
      sum += from[at + window - 1] ?? 0;
      to[at] = sum;
      sum -= from[at] ?? 0;
    }
    this.#from = to;
    this.#to = from;
  }
}

/** Squares of one value each, counted from the corner of the mask. */
function pixelizePlane({ samples, format, mask }: PlainCrop, plane: FramePlane, sidePx: number): void {
  const data = samplesOf(samples, format).subarray(plane.offset, plane.offset + plane.width * plane.height);
  const [stepX, stepY] = [Math.max(1, sidePx / plane.across), Math.max(1, sidePx / plane.down)];
  const firstX = ((mask.x / plane.across) % stepX) - stepX;
  const firstY = ((mask.y / plane.down) % stepY) - stepY;
  for (let top = firstY; top < plane.height; top += stepY) {
    for (let left = firstX; left < plane.width; left += stepX) {
      const [x, y] = [Math.max(0, left), Math.max(0, top)];
      const [endX, endY] = [Math.min(plane.width, left + stepX), Math.min(plane.height, top + stepY)];
      let sum = 0;
      for (let row = y; row < endY; row++)
        for (let column = x; column < endX; column++) sum += data[row * plane.width + column] ?? 0;
      const mean = Math.round(sum / Math.max(1, (endX - x) * (endY - y)));
      for (let row = y; row < endY; row++) data.fill(mean, row * plane.width + x, row * plane.width + endX);
    }
  }
}

/** A colour `#rrggbb` in the numbers of a format; by BT.709, whose difference to others shows in no plain colour. */
function yuvOf(color: string, format: FrameFormat, isFullRange: boolean): readonly number[] {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map(
    (at) => Number.parseInt(color.slice(at, at + 2), 16) / 255,
  );
  const luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  const [u, v] = [(blue - luma) / 1.8556, (red - luma) / 1.5748];
  const scale = 2 ** (bitsOf(format) - 8);
  const max = 256 * scale - 1;
  const numbers = isFullRange
    ? [luma * max, 128 * scale + u * max, 128 * scale + v * max]
    : [(16 + 219 * luma) * scale, (128 + 224 * u) * scale, (128 + 224 * v) * scale];
  return numbers.map((value) => Math.min(max, Math.max(0, Math.round(value))));
}
