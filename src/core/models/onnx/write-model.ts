import { bytesField, type Field, floatField, integerField } from './protobuf-writer.ts';

/** An array of numbers that a model brings along. */
export interface ModelTensor {
  readonly name: string;
  readonly dims: readonly number[];
  readonly type: 'float32' | 'float16' | 'int64';
  readonly data: ArrayLike<number>;
}

/** One operation. */
export interface ModelNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly output: string;
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
}

/** A number without a fraction is an integer, unless it is said to be none. */
type AttributeValue = number | string | readonly number[] | ModelTensor | { readonly float: number };

/** What goes in or comes out; a dimension that is a name is free. */
export interface ModelValue {
  readonly name: string;
  readonly type: 'float32' | 'float16' | 'uint8' | 'uint16';
  readonly dims: readonly (number | string)[];
}

/** An ONNX model. */
export interface Model {
  readonly inputs: readonly ModelValue[];
  readonly outputs: readonly ModelValue[];
  readonly nodes: readonly ModelNode[];
  readonly tensors: readonly ModelTensor[];
  /** Version of the operators; by default 13. */
  readonly operatorSet?: number;
}

/** Numbers that ONNX has for types of elements. */
export const elementTypes = { float32: 1, uint8: 2, uint16: 4, int64: 7, float16: 10 } as const;
const attributeTypes = { float: 1, integer: 2, string: 3, tensor: 4, integers: 7 } as const;

/** The bytes of a `.onnx` file. */
export function writeModel({ inputs, outputs, nodes, tensors, operatorSet = 13 }: Model): Buffer {
  const graph = [
    ...nodes.map(nodeField),
    bytesField(2, 'graph'),
    ...tensors.map(tensorField),
    ...inputs.map(inputField),
    ...outputs.map(outputField),
  ];
  return Buffer.concat([
    integerField(1, 8),
    bytesField(7, graph),
    bytesField(8, [bytesField(1, ''), integerField(2, operatorSet)]),
  ]);
}

/** A node, as a field of a graph; the next three are others. */
export function nodeField(node: ModelNode): Field {
  return bytesField(1, nodeFields(node));
}

export function tensorField(tensor: ModelTensor): Field {
  return bytesField(5, tensorFields(tensor));
}

export function inputField(value: ModelValue): Field {
  return bytesField(11, valueFields(value));
}

export function outputField(value: ModelValue): Field {
  return bytesField(12, valueFields(value));
}

function nodeFields({ op, inputs, output, attributes = {} }: ModelNode): Field[] {
  return [
    ...inputs.map((name) => bytesField(1, name)),
    bytesField(2, output),
    bytesField(4, op),
    ...Object.entries(attributes).map(([name, value]) => bytesField(5, attributeFields(name, value))),
  ];
}

function attributeFields(name: string, value: AttributeValue): Field[] {
  const head = bytesField(1, name);
  const type = (code: number) => integerField(20, code);
  if (typeof value === 'string') return [head, bytesField(4, value), type(attributeTypes.string)];
  if (typeof value === 'number') {
    return Number.isInteger(value)
      ? [head, integerField(3, value), type(attributeTypes.integer)]
      : [head, floatField(2, value), type(attributeTypes.float)];
  }
  if ('float' in value) return [head, floatField(2, value.float), type(attributeTypes.float)];
  if ('dims' in value) return [head, bytesField(5, tensorFields(value)), type(attributeTypes.tensor)];
  return [head, ...value.map((each) => integerField(8, each)), type(attributeTypes.integers)];
}

function tensorFields({ name, dims, type, data }: ModelTensor): Field[] {
  return [
    ...dims.map((dim) => integerField(1, dim)),
    integerField(2, elementTypes[type]),
    bytesField(8, name),
    bytesField(9, rawData(type, data)),
  ];
}

function rawData(type: ModelTensor['type'], data: ArrayLike<number>): Buffer {
  const array = arrayOf(type, data);
  return Buffer.from(array.buffer, array.byteOffset, array.byteLength);
}

function arrayOf(type: ModelTensor['type'], data: ArrayLike<number>) {
  if (type === 'int64') return BigInt64Array.from(Array.from(data, BigInt));
  // Node 22 has no array of half-precision numbers.
  return type === 'float32' ? new Float32Array(data) : new Float16Array(data);
}

function valueFields({ name, type, dims }: ModelValue): Field[] {
  const shape = dims.map((dim) =>
    bytesField(1, [typeof dim === 'number' ? integerField(1, dim) : bytesField(2, dim)]),
  );
  const tensor = [integerField(1, elementTypes[type]), bytesField(2, shape)];
  return [bytesField(1, name), bytesField(2, [bytesField(1, tensor)])];
}
