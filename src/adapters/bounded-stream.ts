import { GrowingBytes } from '../core/growing-bytes.ts';

/** More came than is taken. */
export class TooMuchError extends Error {
  override readonly name = 'TooMuchError';
  readonly maxBytes: number;

  constructor(maxBytes: number) {
    super(
      `there is more than ${maxBytes >= 1024 * 1024 ? `${maxBytes / 1024 / 1024} MiB` : `${maxBytes} bytes`}`,
    );
    this.maxBytes = maxBytes;
  }
}

/** All bytes of a stream. @throws TooMuchError when there are more than `maxBytes`: the stream is closed then. */
export async function readStreamAtMost(stream: NodeJS.ReadableStream, maxBytes: number): Promise<Buffer> {
  const bytes = new GrowingBytes();
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    if (bytes.length + chunk.length > maxBytes) throw new TooMuchError(maxBytes);
    bytes.append(chunk);
  }
  return bytes.take();
}
