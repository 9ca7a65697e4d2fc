export interface MessageField {
  readonly number: number;
  /** Of a varint; 0 for other fields. */
  readonly integer: number;
  /** Of text, bytes, nested messages, packed numbers and fixed-size numbers; empty for varints. */
  readonly bytes: Uint8Array;
}

const nothing = new Uint8Array(0);

/** The fields of a message, in order; nothing is copied. @throws RangeError for what is no message. */
export function* readFields(message: Uint8Array): Generator<MessageField> {
  const cursor = { at: 0 };
  while (cursor.at < message.length) {
    const tag = readVarint(message, cursor);
    // Another reader would take the lower 32 bits for the number.
    if (tag < 0 || tag >= 2 ** 32) throw new RangeError('a field has a number that is too large');
    const number = Math.floor(tag / 8);
    const type = tag % 8;
    if (number === 0) throw new RangeError('a field has no number');
    if (type === 0) yield { number, integer: readVarint(message, cursor), bytes: nothing };
    else yield { number, integer: 0, bytes: takeBytes(message, cursor, lengthOf(type, message, cursor)) };
  }
}

/** Numbers of a repeated field, whether it is packed or not. */
export function integersOf({ integer, bytes }: MessageField): number[] {
  if (bytes.length === 0) return [integer];
  const cursor = { at: 0 };
  const numbers: number[] = [];
  while (cursor.at < bytes.length) numbers.push(readVarint(bytes, cursor));
  return numbers;
}

function lengthOf(type: number, message: Uint8Array, cursor: { at: number }): number {
  if (type === 2) return readVarint(message, cursor);
  if (type === 1) return 8;
  if (type === 5) return 4;
  throw new RangeError(`a field has the unknown type ${type}`);
}

function takeBytes(message: Uint8Array, cursor: { at: number }, length: number): Uint8Array {
  const end = cursor.at + length;
  if (length < 0 || end > message.length) throw new RangeError('a field is longer than its message');
  const bytes = message.subarray(cursor.at, end);
  cursor.at = end;
  return bytes;
}

/** Negative numbers come out negative; 0 is nothing but 0, and all that matter are far below 2^53. */
function readVarint(message: Uint8Array, cursor: { at: number }): number {
  let [low, high] = [0, 0];
  for (let shift = 0; shift < 70; shift += 7) {
    const byte = message[cursor.at++];
    if (byte === undefined) throw new RangeError('a number is cut off');
    if (shift === 63 && byte > 1) throw new RangeError('a number is too long');
    const bits = byte & 127;
    if (shift < 32) low |= bits << shift;
    if (shift > 25) high |= shift < 32 ? bits >> (32 - shift) : bits << (shift - 32);
    if (byte < 128) return high * 2 ** 32 + (low >>> 0);
  }
  throw new RangeError('a number is too long');
}
