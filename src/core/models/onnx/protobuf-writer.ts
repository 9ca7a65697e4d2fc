/** A field of a protobuf message: bytes that may be put in any order next to others. */
export type Field = Buffer;

const wireType = { varint: 0, bytes: 2, float: 5 } as const;

/** A number that is not negative, as int32, int64 or an enum. */
export function integerField(number: number, value: number): Field {
  return Buffer.concat([tag(number, wireType.varint), varint(value)]);
}

export function floatField(number: number, value: number): Field {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return Buffer.concat([tag(number, wireType.float), bytes]);
}

/** Text, raw bytes, or the fields of a nested message. */
export function bytesField(number: number, value: string | Buffer | readonly Field[]): Field {
  const bytes =
    typeof value === 'string' ? Buffer.from(value) : Buffer.isBuffer(value) ? value : Buffer.concat(value);
  return Buffer.concat([tag(number, wireType.bytes), varint(bytes.length), bytes]);
}

function tag(number: number, type: number): Buffer {
  return varint(number * 8 + type);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  bytes.push(rest);
  return Buffer.from(bytes);
}
