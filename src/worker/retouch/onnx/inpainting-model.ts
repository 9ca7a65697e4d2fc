import type { Size } from '../../../core/hints/display-size.ts';
import { modelRefused } from '../../upscale/onnx/lane-failure.ts';
import type { Runtime, Session } from '../../upscale/onnx/runtime.ts';
import type { NumberRange } from './crop-lane-protocol.ts';

/** How a model is asked. */
export interface InpaintingCoding {
  /** Which number of the mask says that a pixel is to be replaced … */
  readonly erases: 'one' | 'zero';
  /** … and what the larger one is. */
  readonly maskTop: 1 | 255;
  readonly image: NumberRange;
  readonly output: NumberRange;
}

/** A picture of three planes, one after the other, from 0 to 1; and the pixels of it that are to be replaced, not 0. */
export interface MaskedPicture extends Size {
  readonly planes: Float32Array;
  readonly mask: Uint8Array;
}

/** Numbers as a model gives them. */
export type ModelNumbers = Float32Array | Uint8Array;
type NumberType = 'float32' | 'uint8';
type Metadata = Session['inputMetadata'][number];

/** A model that takes a picture and a mask, and gives a picture. */
export class InpaintingModel {
  /** The only sides it takes, in pixels; null: any. */
  readonly fixed: { readonly width: number | null; readonly height: number | null };
  readonly imageType: NumberType;
  readonly maskType: NumberType;
  readonly #runtime: Runtime;
  readonly #session: Session;
  readonly #names: { readonly image: string; readonly mask: string; readonly output: string };

  /** @throws LaneFailure `model` where its tensors are others. */
  constructor(runtime: Runtime, session: Session) {
    const { image, mask } = inputsOf(session);
    const outputs = session.outputMetadata.filter(isPicture);
    const output = outputs.find(({ shape }) => shape[1] === 3) ?? outputs[0];
    if (!output) throw modelRefused('it gives no picture [1, 3, height, width]');
    const width = fixedSide(image, 3) ?? fixedSide(mask, 3);
    const height = fixedSide(image, 2) ?? fixedSide(mask, 2);
    this.#runtime = runtime;
    this.#session = session;
    this.#names = { image: image.name, mask: mask.name, output: output.name };
    this.fixed = { width, height };
    this.imageType = typeOf(image);
    this.maskType = typeOf(mask);
    typeOf(output);
  }

  /**
   * What the model makes of a picture, as it says it.
   *
   * @throws RangeError when that has another size. Whatever ONNX Runtime throws.
   */
  async run(picture: MaskedPicture, coding: Omit<InpaintingCoding, 'output'>): Promise<ModelNumbers> {
    const { width, height, planes, mask } = picture;
    const dims = [1, 3, height, width];
    const image = encoded(planes, coding.image, this.imageType);
    const erased = maskNumbers(mask, coding, this.maskType);
    const feeds = {
      [this.#names.image]: this.#tensor(image, dims),
      [this.#names.mask]: this.#tensor(erased, [1, 1, height, width]),
    };
    const { output } = this.#names;
    const result = (await this.#session.run(feeds, [output]))[output];
    if (!result || !('dims' in result)) throw new RangeError('it gives no picture');
    if (String(result.dims) !== String(dims))
      throw new RangeError(`it makes [${result.dims.join(', ')}] of [${dims.join(', ')}]`);
    const { data } = result;
    if (data instanceof Float32Array || data instanceof Uint8Array) return data;
    throw new RangeError(`it gives ${result.type}`);
  }

  #tensor(data: ModelNumbers, dims: readonly number[]): InstanceType<Runtime['Tensor']> {
    const { Tensor } = this.#runtime;
    return data instanceof Float32Array ? new Tensor('float32', data, dims) : new Tensor('uint8', data, dims);
  }
}

/** The picture that a model's numbers stand for, from 0 to 1. Bytes are always of 0 to 255. */
export function decodedNumbers(numbers: ModelNumbers, range: NumberRange): Float32Array {
  const [scale, offset] = numbers instanceof Uint8Array ? [1 / 255, 0] : rangeCoding(range);
  const values = new Float32Array(numbers.length);
  for (let at = 0; at < values.length; at++) {
    const value = (numbers[at] ?? 0) * scale + offset;
    // What is no number stays black.
    values[at] = value >= 1 ? 1 : value > 0 ? value : 0;
  }
  return values;
}

/** Value = number * scale + offset. */
function rangeCoding(range: NumberRange): readonly [scale: number, offset: number] {
  if (range === '0..1') return [1, 0];
  return range === '0..255' ? [1 / 255, 0] : [0.5, 0.5];
}

function encoded(planes: Float32Array, range: NumberRange, type: NumberType): ModelNumbers {
  const [scale, offset] = rangeCoding(range);
  const numbers = type === 'uint8' ? new Uint8Array(planes.length) : new Float32Array(planes.length);
  for (let at = 0; at < numbers.length; at++) {
    const value = planes[at] ?? 0;
    numbers[at] =
      type === 'uint8' ? Math.round(255 * Math.min(1, Math.max(0, value))) : (value - offset) / scale;
  }
  return numbers;
}

function maskNumbers(
  mask: Uint8Array,
  { erases, maskTop }: Pick<InpaintingCoding, 'erases' | 'maskTop'>,
  type: NumberType,
): ModelNumbers {
  const numbers = type === 'uint8' ? new Uint8Array(mask.length) : new Float32Array(mask.length);
  for (let at = 0; at < mask.length; at++) if ((mask[at] !== 0) === (erases === 'one')) numbers[at] = maskTop;
  return numbers;
}

function inputsOf(session: Session) {
  const inputs = session.inputMetadata.filter(isPicture);
  const image = onlyOne(inputs, 3) ?? other(inputs, onlyOne(inputs, 1));
  const mask = image && other(inputs, image);
  const channels = mask?.shape[1];
  if (inputs.length === session.inputMetadata.length && image && mask && (channels === 1 || isFree(channels)))
    return { image, mask };
  const said = session.inputMetadata
    .map((each) => (each.isTensor ? shapeText(each) : each.name))
    .join(' and ');
  throw modelRefused(
    `it takes ${said}: a model that fills takes a picture [1, 3, height, width] and a mask [1, 1, height, width]`,
  );
}

type TensorMetadata = Extract<Metadata, { readonly isTensor: true }>;

function isPicture(each: Metadata): each is TensorMetadata {
  return each.isTensor && each.shape.length === 4 && (each.shape[0] === 1 || isFree(each.shape[0]));
}

function isFree(side: number | string | undefined): boolean {
  return typeof side !== 'number' || side <= 0;
}

function onlyOne(inputs: readonly TensorMetadata[], channels: number): TensorMetadata | undefined {
  return inputs.find(({ shape }) => shape[1] === channels);
}

/** Of two. */
function other(inputs: readonly TensorMetadata[], one: TensorMetadata | undefined) {
  return one && inputs.length === 2 ? inputs.find((each) => each !== one) : undefined;
}

function fixedSide({ shape }: TensorMetadata, axis: number): number | null {
  const side = shape[axis];
  return typeof side === 'number' && side > 0 ? side : null;
}

function typeOf({ name, type }: TensorMetadata): NumberType {
  if (type === 'float32' || type === 'uint8') return type;
  throw modelRefused(`its ${name} is ${type}, and not float32 or uint8`);
}

function shapeText({ name, shape }: TensorMetadata): string {
  return `${name} [${shape.map((side) => side || '?').join(', ')}]`;
}
