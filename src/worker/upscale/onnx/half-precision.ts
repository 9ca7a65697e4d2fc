import { bytesField, type Field, integerField } from '../../../core/models/onnx/protobuf-writer.ts';
import { integersOf, readFields } from './protobuf.ts';

const singlePrecision = 1;
const halfPrecision = 10;
/** Operations whose numbers may be halved, because they take and give those of one kind. */
const operations = new Set(['Conv', 'Relu', 'Concat', 'Add', 'Mul', 'DepthToSpace']);

/**
 * The same network with numbers of half precision: half the memory, and several times as quick on GPUs that have units for
 * them. What it says of its input and output stays; both become half-precision ones.
 *
 * @param model - An ONNX file, as `layersToOnnx` writes them.
 * @throws RangeError for one with other operations, or with weights in another form.
 */
export function withHalfPrecision(model: Uint8Array): Buffer {
  const fields = [...readFields(model)].map(({ number, integer, bytes }) => {
    if (number === 7) return bytesField(7, graphFields(bytes));
    return number === 8 ? bytesField(8, Buffer.from(bytes)) : integerField(number, integer);
  });
  return Buffer.concat(fields);
}

function graphFields(graph: Uint8Array): Field[] {
  return [...readFields(graph)].map(({ number, bytes }) => {
    if (number === 1) refuseOthers(bytes);
    return bytesField(number, number === 5 ? tensorFields(bytes) : Buffer.from(bytes));
  });
}

function refuseOthers(node: Uint8Array): void {
  for (const { number, bytes } of readFields(node)) {
    const text = number === 4 ? Buffer.from(bytes).toString('utf8') : '';
    if (text !== '' && !operations.has(text)) throw new RangeError(`its operation ${text} is not halved`);
  }
}

function tensorFields(tensor: Uint8Array): Field[] {
  const fields = [...readFields(tensor)];
  const type = fields.find(({ number }) => number === 2)?.integer;
  const raw = fields.find(({ number }) => number === 9)?.bytes;
  if (type !== singlePrecision || !raw) throw new RangeError('its weights are no single-precision ones');
  const sides = fields.filter(({ number }) => number === 1).flatMap(integersOf);
  const names = fields.filter(({ number }) => number === 8);
  return [
    ...sides.map((side) => integerField(1, side)),
    integerField(2, halfPrecision),
    ...names.map(({ bytes }) => bytesField(8, Buffer.from(bytes))),
    bytesField(9, halves(raw)),
  ];
}

function halves(singles: Uint8Array): Buffer {
  const from = new DataView(singles.buffer, singles.byteOffset, singles.byteLength);
  const to = Buffer.alloc(singles.length / 2);
  for (let at = 0; at < to.length; at += 2) to.writeUInt16LE(halfBits(from.getFloat32(2 * at, true)), at);
  return to;
}

/** Largest number of half precision. */
const largest = 65_504;
const smallestExponent = -14;

/** Bits of the half-precision number nearest to a value; of two, the even one. What is too large becomes the largest one. */
export function halfBits(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.min(Math.abs(value), largest);
  if (size === 0) return sign;
  const exponent = Math.max(smallestExponent, Math.floor(Math.log2(size)));
  const steps = size / 2 ** (exponent - 10);
  const below = Math.floor(steps);
  const rest = steps - below;
  const mantissa = below + (rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? 1 : 0);
  // A mantissa from 1024 on carries into the exponent, which is just what makes a number normal.
  return sign + (exponent - smallestExponent) * 1024 + mantissa;
}
