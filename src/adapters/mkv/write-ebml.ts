/** An element, header included. */
export function makeElement(id: number, ...content: readonly Uint8Array[]): Buffer {
  const bytes = content.reduce((sum, part) => sum + part.length, 0);
  return Buffer.concat([elementHeader(id, bytes), ...content]);
}

/** The header of an element whose content has this many bytes. */
export function elementHeader(id: number, contentBytes: number): Buffer {
  return Buffer.concat([numberBytes(id), sizeBytes(contentBytes, lengthFor(contentBytes))]);
}

/** A header whose length does not depend on the size, so that it can be filled in later. */
export function fixedHeader(id: number, contentBytes: number): Buffer {
  return Buffer.concat([numberBytes(id), sizeBytes(contentBytes, 8)]);
}

/** An element that holds a whole number. */
export function uintElement(id: number, value: number): Buffer {
  return makeElement(id, numberBytes(value));
}

/** The same in eight bytes, so that it can be filled in later. */
export function fixedUintElement(id: number, value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return makeElement(id, bytes);
}

function lengthFor(size: number): number {
  let length = 1;
  while (size >= 2 ** (7 * length) - 1) length += 1;
  return length;
}

function sizeBytes(size: number, length: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(size) | (1n << BigInt(7 * length)));
  return bytes.subarray(8 - length);
}

/** As few bytes as hold it, the big end first. */
function numberBytes(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  const first = bytes.findIndex((byte) => byte !== 0);
  return bytes.subarray(first === -1 ? 7 : first);
}
