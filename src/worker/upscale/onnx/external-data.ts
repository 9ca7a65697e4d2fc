import { type MessageField, readFields } from './protobuf.ts';

/** Kinds of messages of an ONNX file that can hold arrays, each with its fields that can, by their numbers. */
const kinds = {
  model: { 7: 'graph', 20: 'training', 25: 'function' },
  training: { 1: 'graph', 2: 'graph' },
  graph: { 1: 'node', 5: 'tensor', 15: 'sparseTensor' },
  function: { 7: 'node', 11: 'attribute' },
  node: { 5: 'attribute' },
  attribute: { 5: 'tensor', 6: 'graph', 10: 'tensor', 11: 'graph', 22: 'sparseTensor', 23: 'sparseTensor' },
  sparseTensor: { 1: 'tensor', 2: 'tensor' },
} as const satisfies Readonly<Record<string, Readonly<Record<number, string>>>>;

type Kind = keyof typeof kinds | 'tensor';

/** `data_location` of a tensor: 0, or none, is the file itself. */
const locationField = 14;

/** Messages within messages: ONNX Runtime itself reads no more than 100. */
const maxDepth = 100;

/**
 * Whether anything in an ONNX file names another file, or memory, to take numbers from: weights of the graph, of graphs within
 * nodes, of functions and of training, constants, and both parts of sparse arrays. Fields that occur several times, which
 * a reader merges, are all looked at.
 *
 * @throws RangeError for what is no such file, or is nested too deeply.
 */
export function namesExternalData(model: Uint8Array): boolean {
  return isExternal(model, 'model', 0);
}

function isExternal(message: Uint8Array, kind: Kind, depth: number): boolean {
  if (depth > maxDepth) throw new RangeError('its parts are nested too deeply');
  for (const field of readFields(message)) {
    if (kind === 'tensor') {
      if (field.number === locationField && field.integer !== 0) return true;
      continue;
    }
    const inner = kindOf(kind, field);
    if (inner && isExternal(field.bytes, inner, depth + 1)) return true;
  }
  return false;
}

function kindOf(kind: Exclude<Kind, 'tensor'>, { number, bytes }: MessageField): Kind | undefined {
  const inner: Readonly<Record<number, Kind>> = kinds[kind];
  return bytes.length === 0 ? undefined : inner[number];
}
