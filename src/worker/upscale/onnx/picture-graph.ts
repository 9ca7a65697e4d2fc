import { bytesField, type Field, integerField } from '../../../core/models/onnx/protobuf-writer.ts';
import {
  elementTypes,
  inputField,
  type ModelNode,
  type ModelTensor,
  nodeField,
  outputField,
  tensorField,
} from '../../../core/models/onnx/write-model.ts';
import { integersOf, readFields } from './protobuf.ts';

/** What a model takes and gives, as it says itself. */
export interface ModelSignature {
  readonly inputName: string;
  readonly outputName: string;
  /** Whether its input and output are half-precision numbers; otherwise they are single-precision ones. */
  readonly isHalf: boolean;
  /** Pictures that it takes at once; null: any number. */
  readonly batch: number | null;
  /** The only sides it takes, in pixels; null: any that are multiples of the alignment. */
  readonly width: number | null;
  readonly height: number | null;
}

/** Samples of pictures, as ONNX calls them: 8 or 16 bits. */
export type SampleType = 'uint8' | 'uint16';

/** Names of what a model takes and gives that was made for pictures. */
export const pictureInput = 'cosmos/picture';
export const pictureOutput = 'cosmos/enlarged';

/** Before this version of the operators, bounds of `Clip` were attributes. */
const boundsAreInputs = 11;

/**
 * The same model for pictures as they are: `[batch, height, width, 3]`, red, green and blue of each pixel in a row, in whole
 * numbers. What makes planes of numbers from 0 to 1 of them, and pictures of such planes, becomes a part of the graph, so
 * that ONNX Runtime computes it with all cores or on the GPU, where four times fewer bytes go to and fro.
 *
 * Half a step is rounded up, and what lies outside is cut off.
 *
 * @param model - An ONNX file that takes and gives what `signature` says.
 * @throws RangeError for what is no such file.
 */
export function takingPictures(model: Uint8Array, signature: ModelSignature, type: SampleType): Buffer {
  const fields = [...readFields(model)];
  const graph = Buffer.concat(fields.flatMap(({ number, bytes }) => (number === 7 ? [bytes] : [])));
  const version = Math.max(
    0,
    ...fields.flatMap(({ number, bytes }) => (number === 8 ? versionOf(bytes) : [])),
  );
  const { batch, height, width } = signature;
  const dims = [batch ?? 'cosmos_n', height ?? 'cosmos_h', width ?? 'cosmos_w', 3];
  const largeDims = [batch ?? 'cosmos_n', 'cosmos_high', 'cosmos_wide', 3];
  const parts = [...readFields(graph)];
  const initialized = new Set(parts.flatMap(({ number, bytes }) => (number === 5 ? nameIn(bytes, 8) : [])));
  // Files of before 2019 list their weights among the inputs.
  const kept = parts.filter(
    ({ number, bytes }) =>
      number !== 12 && (number !== 11 || nameIn(bytes, 1).some((name) => initialized.has(name))),
  );
  const { before, after, tensors } = conversions(signature, type, version);
  return Buffer.concat([
    ...fields.flatMap(({ number, integer, bytes }) => {
      if (number === 1) return [integerField(number, integer)];
      return number === 8 || number === 25 ? [bytesField(number, Buffer.from(bytes))] : [];
    }),
    bytesField(7, [
      ...before.map(nodeField),
      ...kept.map(({ number, bytes }): Field => bytesField(number, Buffer.from(bytes))),
      ...after.map(nodeField),
      ...tensors.map(tensorField),
      inputField({ name: pictureInput, type, dims }),
      outputField({ name: pictureOutput, type, dims: largeDims }),
    ]),
  ]);
}

function conversions({ inputName, outputName, isHalf }: ModelSignature, type: SampleType, version: number) {
  const top = type === 'uint8' ? 255 : 65_535;
  const name = (of: string) => `cosmos/${of}`;
  const cast = (input: string, output: string, to: keyof typeof elementTypes): ModelNode => ({
    ...{ op: 'Cast', inputs: [input], output, attributes: { to: elementTypes[to] } },
  });
  const transpose = (input: string, output: string, perm: readonly number[]): ModelNode => ({
    ...{ op: 'Transpose', inputs: [input], output, attributes: { perm } },
  });
  const number = (of: string, value: number): ModelTensor => ({
    ...{ name: name(of), dims: [], type: 'float32', data: [value] },
  });
  const scaled = isHalf ? name('scaled') : inputName;
  const single = isHalf ? name('single') : outputName;
  const rounded = name('rounded');
  const clip: ModelNode =
    version < boundsAreInputs
      ? {
          ...{ op: 'Clip', inputs: [rounded], output: name('clipped') },
          attributes: { min: { float: 0 }, max: { float: top } },
        }
      : { op: 'Clip', inputs: [rounded, name('zero'), name('top')], output: name('clipped') };
  return {
    before: [
      cast(pictureInput, name('numbers'), 'float32'),
      transpose(name('numbers'), name('planes'), [0, 3, 1, 2]),
      { op: 'Mul', inputs: [name('planes'), name('step')], output: scaled },
      ...(isHalf ? [cast(scaled, inputName, 'float16')] : []),
    ],
    after: [
      ...(isHalf ? [cast(outputName, single, 'float32')] : []),
      { op: 'Mul', inputs: [single, name('top')], output: name('large') },
      { op: 'Add', inputs: [name('large'), name('half')], output: rounded },
      clip,
      cast(name('clipped'), name('samples'), type),
      transpose(name('samples'), pictureOutput, [0, 2, 3, 1]),
    ],
    tensors: [number('step', 1 / top), number('top', top), number('half', 0.5), number('zero', 0)],
  };
}

/** Of ONNX's own operators; none for others' sets. */
function versionOf(operatorSet: Uint8Array): number[] {
  const fields = [...readFields(operatorSet)];
  const domain = fields.find(({ number }) => number === 1)?.bytes ?? new Uint8Array();
  const isOwn = domain.length === 0 || Buffer.from(domain).toString() === 'ai.onnx';
  return isOwn ? fields.filter(({ number }) => number === 2).flatMap(integersOf) : [];
}

function nameIn(message: Uint8Array, field: number): string[] {
  return [...readFields(message)].flatMap(({ number, bytes }) =>
    number === field ? [Buffer.from(bytes).toString('utf8')] : [],
  );
}
