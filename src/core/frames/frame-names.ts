/**
 * The name of a frame in files that people read: `frame_000001` is the first one. Numbers beyond a million have more
 * digits.
 *
 * @param frame - Number of the frame, from 0.
 */
export function frameName(frame: number): string {
  return `frame_${String(frame + 1).padStart(6, '0')}`;
}

/** Joins short texts to chunks worth writing. */
export function* inChunks(texts: Iterable<string>, chunkLength = 65_536): Generator<string> {
  let chunk = '';
  for (const text of texts) {
    chunk += text;
    if (chunk.length < chunkLength) continue;
    yield chunk;
    chunk = '';
  }
  if (chunk !== '') yield chunk;
}
