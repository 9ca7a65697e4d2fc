import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

/**
 * The lines of a program's output, as they come; they end when the stream does, also when it is destroyed in the
 * middle: readline alone would wait for its end for ever.
 */
export async function* linesOf(stream: Readable): AsyncGenerator<string> {
  const lines = createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY });
  const close = () => lines.close();
  stream.once('close', close);
  if (stream.destroyed) close();
  try {
    yield* lines;
  } finally {
    stream.off('close', close);
    lines.close();
  }
}
