import type { Size } from '../hints/display-size.ts';

/** How the numbers of a picture become a model's input: `(value / 255 - mean) / deviation`, for red, green and blue. */
export interface InputScale {
  readonly mean: readonly [number, number, number];
  readonly deviation: readonly [number, number, number];
}

/** Of models that were trained on ImageNet. */
export const imageNetScale: InputScale = {
  mean: [0.485, 0.456, 0.406],
  deviation: [0.229, 0.224, 0.225],
};
/** From 0 to 1. */
export const plainScale: InputScale = { mean: [0, 0, 0], deviation: [1, 1, 1] };

/** Where a picture lies in an input that may be larger: around it is grey. */
export interface Placing {
  readonly input: Size;
  readonly left: number;
  readonly top: number;
}

/** In the middle, as the models' own programs put it there. */
export function placeInside(picture: Size, input: Size): Placing {
  const left = Math.floor((input.width - picture.width) / 2);
  return { input, left, top: Math.floor((input.height - picture.height) / 2) };
}

/** Grey around a picture that does not fill a model's input, as YOLO's own letterbox has it. */
const aroundPicture = 114;

/**
 * A picture as the input of a model: channel by channel, row by row.
 *
 * @param picture - 8-bit RGB, row by row.
 */
export function inputOf(
  picture: Uint8Array,
  { width, height }: Size,
  { input, left, top }: Placing,
  { mean, deviation }: InputScale,
): Float32Array {
  const plane = input.width * input.height;
  const values = new Float32Array(3 * plane);
  for (const channel of [0, 1, 2] as const) {
    const [shift, scale] = [mean[channel], 255 * deviation[channel]];
    const levels = Float32Array.from({ length: 256 }, (_, level) => (level - 255 * shift) / scale);
    values.fill(levels[aroundPicture] ?? 0, channel * plane, (channel + 1) * plane);
    for (let row = 0; row < height; row++) {
      let to = channel * plane + (top + row) * input.width + left;
      let from = 3 * row * width + channel;
      for (let column = 0; column < width; column++, from += 3)
        values[to++] = levels[picture[from] ?? 0] ?? 0;
    }
  }
  return values;
}

/** Sides of the models' inputs are multiples of this. */
const step = 32;

/**
 * The size that a picture is scaled to, so that its longer side is about `longer`: both sides are multiples of 32, which
 * changes its shape a little.
 */
export function steppedSize({ width, height }: Size, longer: number): Size {
  const scale = longer / Math.max(width, height);
  const stepped = (side: number) => Math.max(step, step * Math.round((side * scale) / step));
  return { width: stepped(width), height: stepped(height) };
}

/** The largest size of a picture's shape that fits into a model's input. */
export function sizeInside({ width, height }: Size, input: Size): Size {
  const scale = Math.min(input.width / width, input.height / height);
  const scaled = (side: number, most: number) => Math.max(1, Math.min(most, Math.round(side * scale)));
  return { width: scaled(width, input.width), height: scaled(height, input.height) };
}
