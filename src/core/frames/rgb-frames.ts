import {
  bitsOf,
  type FrameFormat,
  type FramePlane,
  frameBytes,
  planesOf,
  samplesOf,
} from './frame-format.ts';
import type { ColorTags } from './video-facts.ts';

/** Weights of red and blue in luma, by ffmpeg's names of the matrices: ITU-T H.273, table 4. */
const lumaWeights: Readonly<Record<string, readonly [red: number, blue: number]>> = {
  bt709: [0.2126, 0.0722],
  fcc: [0.3, 0.11],
  bt470bg: [0.299, 0.114],
  smpte170m: [0.299, 0.114],
  smpte240m: [0.212, 0.087],
  bt2020nc: [0.2627, 0.0593],
  bt2020c: [0.2627, 0.0593],
};
const usualWeights: readonly [red: number, blue: number] = [0.2126, 0.0722];

/** The largest sample of RGB: of 8 or of 16 bits. */
export type RgbTop = 255 | 65_535;

/**
 * Frames of planar YUV or gray as interleaved RGB, and back. Each pixel takes the chroma of the sample that covers it, and
 * a sample the mean of its pixels: so what is not changed in between comes back as it was, if RGB has its colour and is of
 * 16 bits; with 8 bits it is off by a step or two.
 */
export class RgbConverter {
  readonly #format: FrameFormat;
  readonly #planes: readonly FramePlane[];
  readonly #top: RgbTop;
  readonly #red: number;
  readonly #blue: number;
  /** Of a sample: where luma begins, how far it goes, where chroma's middle is, how far that goes from end to end. */
  readonly #scale: {
    readonly max: number;
    readonly black: number;
    readonly luma: number;
    readonly middle: number;
    readonly chroma: number;
  };

  /** @param color - What is not said is BT.709 of limited range. */
  constructor(format: FrameFormat, { range, space }: Pick<ColorTags, 'range' | 'space'>, top: RgbTop) {
    const unit = 2 ** (bitsOf(format) - 8);
    const max = 256 * unit - 1;
    this.#format = format;
    this.#planes = planesOf(format);
    this.#top = top;
    [this.#red, this.#blue] = lumaWeights[space ?? ''] ?? usualWeights;
    this.#scale =
      range === 'pc'
        ? { max, black: 0, luma: max, middle: 128 * unit, chroma: max }
        : { max, black: 16 * unit, luma: 219 * unit, middle: 128 * unit, chroma: 224 * unit };
  }

  /** Three samples for each pixel, row by row. */
  toRgb(frame: Uint8Array): Uint8Array | Uint16Array {
    const { width, height } = this.#format;
    const { black, luma: lumaSteps, middle, chroma } = this.#scale;
    const samples = samplesOf(frame, this.#format);
    const [top, red, blue] = [this.#top, this.#red, this.#blue];
    const rgb = top === 255 ? new Uint8Array(3 * width * height) : new Uint16Array(3 * width * height);
    const [, u, v] = this.#planes;
    const [redOfV, blueOfU] = [2 * (1 - red), 2 * (1 - blue)];
    for (let row = 0, at = 0; row < height; row++) {
      for (let column = 0; column < width; column++, at += 3) {
        const y = ((samples[row * width + column] ?? 0) - black) / lumaSteps;
        let [cb, cr] = [0, 0];
        if (u && v) {
          const place = Math.floor(row / u.down) * u.width + Math.floor(column / u.across);
          cb = ((samples[u.offset + place] ?? 0) - middle) / chroma;
          cr = ((samples[v.offset + place] ?? 0) - middle) / chroma;
        }
        const r = y + redOfV * cr;
        const b = y + blueOfU * cb;
        rgb[at] = stepOf(r, top);
        rgb[at + 1] = stepOf((y - red * r - blue * b) / (1 - red - blue), top);
        rgb[at + 2] = stepOf(b, top);
      }
    }
    return rgb;
  }

  /** The frame of an RGB picture of its size. */
  fromRgb(rgb: Uint8Array | Uint16Array): Uint8Array {
    const { width, height } = this.#format;
    const { max, black, luma: lumaSteps, middle, chroma } = this.#scale;
    const frame = new Uint8Array(frameBytes(this.#format));
    const samples = samplesOf(frame, this.#format);
    const [top, red, blue] = [this.#top, this.#red, this.#blue];
    const lumaOf = (at: number) =>
      (red * (rgb[at] ?? 0) + (1 - red - blue) * (rgb[at + 1] ?? 0) + blue * (rgb[at + 2] ?? 0)) / top;
    for (let at = 0; at < width * height; at++) samples[at] = kept(black + lumaSteps * lumaOf(3 * at), max);
    const [, u, v] = this.#planes;
    if (!u || !v) return frame;
    for (let row = 0; row < u.height; row++) {
      for (let column = 0; column < u.width; column++) {
        let [cb, cr, count] = [0, 0, 0];
        for (let y = row * u.down; y < Math.min(height, (row + 1) * u.down); y++) {
          for (let x = column * u.across; x < Math.min(width, (column + 1) * u.across); x++, count++) {
            const at = 3 * (y * width + x);
            const luma = lumaOf(at);
            cb += ((rgb[at + 2] ?? 0) / top - luma) / (2 * (1 - blue));
            cr += ((rgb[at] ?? 0) / top - luma) / (2 * (1 - red));
          }
        }
        const place = row * u.width + column;
        samples[u.offset + place] = kept(middle + (chroma * cb) / count, max);
        samples[v.offset + place] = kept(middle + (chroma * cr) / count, max);
      }
    }
    return frame;
  }
}

function stepOf(value: number, top: RgbTop): number {
  return kept(value * top, top);
}

function kept(value: number, max: number): number {
  return Math.min(max, Math.max(0, Math.round(value)));
}
