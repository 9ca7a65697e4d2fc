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
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new TooMuchError(maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
