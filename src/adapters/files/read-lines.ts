import type { FileHandle } from 'node:fs/promises';

/** Longest line that is read, in bytes: far longer than an answer, or a whole plan in one line. */
const mostMib = 16;

const newline = 0x0a;

/**
 * The lines of a text in UTF-8, one after the other; each ends with a newline, with or without a carriage return.
 *
 * @throws RangeError that says which line is too long; no more of it is read.
 */
export async function* boundedLines(file: FileHandle): AsyncGenerator<string> {
  const buffer = Buffer.allocUnsafe(64 * 1024);
  let pieces: Buffer[] = [];
  let bytes = 0;
  let number = 1;
  const lineOf = (last: Buffer) =>
    Buffer.concat([...pieces, last])
      .toString('utf8')
      .replace(/\r$/, '');
  for (;;) {
    const { bytesRead } = await file.read(buffer, 0, buffer.length, null);
    if (bytesRead === 0) break;
    const piece = buffer.subarray(0, bytesRead);
    let from = 0;
    for (let end = piece.indexOf(newline); end !== -1; end = piece.indexOf(newline, from)) {
      yield lineOf(piece.subarray(from, end));
      from = end + 1;
      pieces = [];
      bytes = 0;
      number += 1;
    }
    bytes += bytesRead - from;
    if (bytes > mostMib * 1024 * 1024) throw new RangeError(`line ${number} is longer than ${mostMib} MiB`);
    if (from < bytesRead) pieces.push(Buffer.from(piece.subarray(from)));
  }
  if (bytes > 0) yield lineOf(Buffer.alloc(0));
}
