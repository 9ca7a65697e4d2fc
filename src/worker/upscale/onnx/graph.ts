import { integersOf, type MessageField, readFields } from './protobuf.ts';

export interface GraphNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Numbers and texts by name; attributes of other kinds are left out. */
  readonly attributes: ReadonlyMap<string, readonly number[] | string>;
  /** Whether it has graphs within it. */
  readonly isNested: boolean;
}

export interface Graph {
  /** So that each comes after those whose outputs it takes. */
  readonly nodes: readonly GraphNode[];
  /** Sizes of the arrays that the model brings along, by name. */
  readonly tensorDims: ReadonlyMap<string, readonly number[]>;
  /** Single-precision numbers of small arrays, by name. */
  readonly smallTensors: ReadonlyMap<string, readonly number[]>;
}

const fields = {
  model: { graph: 7 },
  graph: { node: 1, initializer: 5 },
  node: { input: 1, output: 2, op: 4, attribute: 5 },
  attribute: { name: 1, integer: 3, text: 4, tensor: 5, graph: 6, integers: 8, graphs: 11 },
  tensor: { dims: 1, type: 2, floats: 4, name: 8, raw: 9 },
} as const;
const singlePrecision = 1;
/** Longer arrays are weights, which are not read. */
const maxSmallBytes = 64;
/** Networks have some thousands; a file of nothing else could take all memory. */
const maxNodes = 200_000;

/** Reads the structure of an ONNX file, and none of its weights. @throws RangeError for what is no such file. */
export function readGraph(model: Uint8Array): Graph {
  const nodes: GraphNode[] = [];
  const tensors: Tensor[] = [];
  for (const part of readFields(model)) {
    if (part.number !== fields.model.graph) continue;
    for (const each of readFields(part.bytes)) {
      if (each.number === fields.graph.node) nodes.push(readNode(each.bytes, tensors));
      if (nodes.length > maxNodes) throw new RangeError('it has too many operations');
      if (each.number === fields.graph.initializer) tensors.push(readTensor(each.bytes));
    }
  }
  return {
    nodes,
    tensorDims: new Map(tensors.map(({ name, dims }) => [name, dims])),
    smallTensors: new Map(tensors.flatMap(({ name, numbers }) => (numbers ? [[name, numbers]] : []))),
  };
}

interface Tensor {
  readonly name: string;
  readonly dims: readonly number[];
  readonly numbers: readonly number[] | null;
}

/** The array of a node that is a constant is kept under the name of its output, as if the graph had it. */
function readNode(message: Uint8Array, constants: Tensor[]): GraphNode {
  const node = { op: '', inputs: [] as string[], outputs: [] as string[], isNested: false };
  const attributes = new Map<string, readonly number[] | string>();
  let constant: Tensor | null = null;
  for (const { number, bytes } of readFields(message)) {
    if (number === fields.node.input) node.inputs.push(textOf(bytes));
    if (number === fields.node.output) node.outputs.push(textOf(bytes));
    if (number === fields.node.op) node.op = textOf(bytes);
    if (number !== fields.node.attribute) continue;
    const { name, value, tensor, isGraph } = readAttribute(bytes);
    if (value !== null) attributes.set(name, value);
    constant = tensor ?? constant;
    node.isNested ||= isGraph;
  }
  const [name] = node.outputs;
  if (constant && name !== undefined) constants.push({ ...constant, name });
  return { ...node, attributes };
}

function readAttribute(message: Uint8Array) {
  let name = '';
  let text: string | null = null;
  let tensor: Tensor | null = null;
  let isGraph = false;
  const integers: number[] = [];
  for (const field of readFields(message)) {
    const { number, bytes } = field;
    if (number === fields.attribute.name) name = textOf(bytes);
    if (number === fields.attribute.text) text = textOf(bytes);
    if (number === fields.attribute.tensor) tensor = readTensor(bytes);
    if (isOneOf(field, fields.attribute.integer, fields.attribute.integers))
      for (const each of integersOf(field)) integers.push(each);
    isGraph ||= isOneOf(field, fields.attribute.graph, fields.attribute.graphs);
  }
  const value = text ?? (integers.length > 0 ? integers : null);
  return { name, value, tensor, isGraph };
}

function readTensor(message: Uint8Array): Tensor {
  const dims: number[] = [];
  let name = '';
  let type = 0;
  let data: Uint8Array | null = null;
  for (const field of readFields(message)) {
    if (field.number === fields.tensor.dims) dims.push(...integersOf(field));
    if (field.number === fields.tensor.type) type = field.integer;
    if (field.number === fields.tensor.name) name = textOf(field.bytes);
    if (isOneOf(field, fields.tensor.floats, fields.tensor.raw)) data = field.bytes;
  }
  const isSmall = type === singlePrecision && data !== null && data.length <= maxSmallBytes;
  return { name, dims, numbers: isSmall && data ? singlesOf(data) : null };
}

function singlesOf(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.length >> 2 }, (_, index) => view.getFloat32(4 * index, true));
}

function isOneOf({ number }: MessageField, ...numbers: readonly number[]): boolean {
  return numbers.includes(number);
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}
