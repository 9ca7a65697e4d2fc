import { resamplePlane } from '../../../core/frames/resample-plane.ts';
import type { Size } from '../../../core/hints/display-size.ts';
import type { FrameUpscaler } from '../../upscale/onnx/frame-upscaler.ts';
import type { ModelFacts } from '../../upscale/onnx/model-facts.ts';
import { cutUpscaler } from '../../upscale/onnx/open-model.ts';
import type { SampleType } from '../../upscale/onnx/picture-graph.ts';
import type { Runtime, Session } from '../../upscale/onnx/runtime.ts';
import { decodedNumbers, type InpaintingModel, type MaskedPicture } from './inpainting-model.ts';
import type { probeInpainting } from './probe-inpainting.ts';

/** A crop as it comes from the worker: interleaved RGB of 16 bits a sample, and a byte for each pixel. */
export interface RgbCrop extends Size {
  readonly rgb: Uint16Array;
  /** Not 0 where it is to be replaced. */
  readonly mask: Uint8Array;
}

/** What a model makes of crops: of the same size. */
export interface CropModel {
  process(crop: RgbCrop): Promise<Uint16Array>;
}

const top = 65_535;

/** Fills what the mask says. */
export class CropInpainter implements CropModel {
  readonly #model: InpaintingModel;
  readonly #facts: Awaited<ReturnType<typeof probeInpainting>>;

  constructor(model: InpaintingModel, facts: Awaited<ReturnType<typeof probeInpainting>>) {
    this.#model = model;
    this.#facts = facts;
  }

  /** A crop that is larger than the model's pictures goes through it smaller; what is missing is its mirror image. */
  async process({ rgb, mask, width, height }: RgbCrop): Promise<Uint16Array> {
    const { fixed } = this.#model;
    const size = { width, height };
    const shrink = Math.min(1, (fixed.width ?? width) / width, (fixed.height ?? height) / height);
    const fitted = shrink === 1 ? size : { width: scaled(width, shrink), height: scaled(height, shrink) };
    const canvas = {
      width: fixed.width ?? alignUp(fitted.width, this.#facts.alignment),
      height: fixed.height ?? alignUp(fitted.height, this.#facts.alignment),
    };
    const planes = planesOfRgb(rgb).map((data) =>
      shrink === 1 ? data : resamplePlane({ ...size, data }, fitted, 'cubic').data,
    );
    const fittedMask = shrink === 1 ? mask : shrunkMask(mask, size, fitted);
    const picture = mirrored({ ...fitted, planes, mask: fittedMask }, canvas);
    const { coding } = this.#facts;
    const result = decodedNumbers(await this.#model.run(picture, coding), coding.output);
    const plane = canvas.width * canvas.height;
    return rgbOfPlanes(
      [0, 1, 2].map((channel) => {
        const own = result.subarray(channel * plane, (channel + 1) * plane);
        const data = cutCorner(own, canvas, fitted);
        return shrink === 1 ? data : resamplePlane({ ...fitted, data }, size, 'cubic').data;
      }),
    );
  }
}

interface OpenedEnlarger {
  readonly runtime: Runtime;
  readonly session: Session;
  readonly model: ModelFacts;
  /** How far the model looks around a pixel; null: not known. */
  readonly radius: number | null;
  readonly type: SampleType;
  readonly tile: number;
}

/** Sharpens: enlarges a crop with a model and makes it as small again as it was. */
export class CropEnlarger implements CropModel {
  readonly #opened: OpenedEnlarger;
  #latest: (Size & { readonly upscaler: FrameUpscaler }) | null = null;

  constructor(opened: OpenedEnlarger) {
    this.#opened = opened;
  }

  async process({ rgb, width, height }: RgbCrop): Promise<Uint16Array> {
    const { scale } = this.#opened.model;
    const large = { width: width * scale, height: height * scale };
    const samples = new Uint16Array(3 * large.width * large.height);
    await this.#upscalerFor({ width, height }).upscale(
      [{ width, height, samples: rgb }],
      [{ ...large, samples }],
    );
    return rgbOfPlanes(
      planesOfRgb(samples).map(
        (data) => resamplePlane({ ...large, data }, { width, height }, 'lanczos').data,
      ),
    );
  }

  /** Crops of one size mostly come in a row. */
  #upscalerFor({ width, height }: Size): FrameUpscaler {
    if (this.#latest?.width !== width || this.#latest.height !== height) {
      const { tile } = this.#opened;
      const { upscaler } = cutUpscaler(this.#opened, { width, height, tile, batchSize: 1 });
      this.#latest = { width, height, upscaler };
    }
    return this.#latest.upscaler;
  }
}

function scaled(side: number, factor: number): number {
  return Math.max(1, Math.round(side * factor));
}

function alignUp(value: number, step: number): number {
  return Math.ceil(value / step) * step;
}

function planesOfRgb(rgb: Uint16Array): Float32Array[] {
  const pixels = rgb.length / 3;
  const planes = [0, 1, 2].map(() => new Float32Array(pixels));
  for (const [channel, plane] of planes.entries()) {
    for (let pixel = 0; pixel < pixels; pixel++) plane[pixel] = (rgb[3 * pixel + channel] ?? 0) / top;
  }
  return planes;
}

function rgbOfPlanes(planes: readonly Float32Array[]): Uint16Array {
  const pixels = planes[0]?.length ?? 0;
  const rgb = new Uint16Array(3 * pixels);
  for (const [channel, plane] of planes.entries()) {
    for (let pixel = 0; pixel < pixels; pixel++)
      rgb[3 * pixel + channel] = Math.min(top, Math.max(0, Math.round((plane[pixel] ?? 0) * top)));
  }
  return rgb;
}

/** Samples to each side that the cubic kernel takes in. */
const cubicReach = 2;

/** A pixel of a smaller picture is to be replaced when any of those is that it is made of. */
function shrunkMask(mask: Uint8Array, from: Size, to: Size): Uint8Array {
  const columns = Array.from({ length: to.width }, (_, at) => reachOf(at, from.width / to.width, from.width));
  const rows = Array.from({ length: to.height }, (_, at) =>
    reachOf(at, from.height / to.height, from.height),
  );
  const wide = new Uint8Array(to.width * from.height);
  for (let row = 0; row < from.height; row++) {
    for (let column = 0; column < to.width; column++) {
      const [first, end] = columns[column] ?? [0, 0];
      for (let each = first; each < end; each++)
        if (mask[row * from.width + each] !== 0) wide[row * to.width + column] = 255;
    }
  }
  const small = new Uint8Array(to.width * to.height);
  for (let row = 0; row < to.height; row++) {
    const [first, end] = rows[row] ?? [0, 0];
    for (let each = first; each < end; each++) {
      for (let column = 0; column < to.width; column++)
        if (wide[each * to.width + column] !== 0) small[row * to.width + column] = 255;
    }
  }
  return small;
}

function reachOf(at: number, ratio: number, side: number): readonly [first: number, end: number] {
  const center = (at + 0.5) * ratio - 0.5;
  const [first, last] = [Math.ceil(center - cubicReach * ratio), Math.floor(center + cubicReach * ratio)];
  return [Math.max(0, first), Math.min(side, last + 1)];
}

/** The picture in the upper left corner of a larger one, and its mirror images beside and below it. */
function mirrored(
  {
    width,
    height,
    planes,
    mask,
  }: Size & { readonly planes: readonly Float32Array[]; readonly mask: Uint8Array },
  canvas: Size,
): MaskedPicture {
  const plane = canvas.width * canvas.height;
  const large = new Float32Array(3 * plane);
  const largeMask = new Uint8Array(plane);
  const columns = Int32Array.from({ length: canvas.width }, (_, x) => mirrorIndex(x, width));
  const [red = large, green = large, blue = large] = planes;
  for (let y = 0, at = 0; y < canvas.height; y++) {
    const row = mirrorIndex(y, height) * width;
    for (let x = 0; x < canvas.width; x++, at++) {
      const from = row + (columns[x] ?? 0);
      largeMask[at] = mask[from] ?? 0;
      large[at] = red[from] ?? 0;
      large[at + plane] = green[from] ?? 0;
      large[at + 2 * plane] = blue[from] ?? 0;
    }
  }
  return { ...canvas, planes: large, mask: largeMask };
}

function mirrorIndex(at: number, side: number): number {
  const place = at % (2 * side);
  return place < side ? place : 2 * side - 1 - place;
}

function cutCorner(plane: Float32Array, { width }: Size, corner: Size): Float32Array {
  const data = new Float32Array(corner.width * corner.height);
  for (let row = 0; row < corner.height; row++)
    data.set(plane.subarray(row * width, row * width + corner.width), row * corner.width);
  return data;
}
