import type { Writable } from 'node:stream';

/** Resolves when the pipe has taken the whole frame; rejects with the pipe's error when nobody reads it any more. */
export async function writeFrame(pipe: Writable, frame: Uint8Array): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  pipe.write(frame, (error) => (error ? reject(error) : resolve()));
  await promise;
}
