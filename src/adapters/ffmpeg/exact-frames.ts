/** How a stream is cut. */
interface CutOptions {
  /** Bytes of one frame, at least 1. */
  readonly frameBytes: number;
  /** Which frames are given on, by their number from 0; all unless told. Others are dropped without a copy. */
  readonly isWanted?: (frame: number) => boolean;
  /** Frames are valid only until the next one is taken; then one buffer serves for all. */
  readonly isReused?: boolean;
}

/**
 * Cuts a stream of bytes into frames of a fixed size. Each byte is copied once: pipes are read in pieces that are
 * smaller than a frame.
 *
 * @param pieces - None at all is a stream that ends at once.
 * @returns Bytes of a last frame that is not whole: 0 when the stream ended between two frames.
 */
export async function* exactFrames(
  pieces: AsyncIterable<Uint8Array> | undefined,
  options: CutOptions,
): AsyncGenerator<Uint8Array, number> {
  const { frameBytes, isWanted = () => true, isReused = false } = options;
  const allocate = () => Buffer.allocUnsafeSlow(frameBytes);
  const shared = isReused ? allocate() : null;
  let number = 0;
  let filled = 0;
  let frame = isWanted(number) ? (shared ?? allocate()) : null;
  for await (const piece of pieces ?? []) {
    for (let at = 0; at < piece.length; ) {
      const taken = Math.min(frameBytes - filled, piece.length - at);
      frame?.set(piece.subarray(at, at + taken), filled);
      at += taken;
      filled += taken;
      if (filled < frameBytes) continue;
      if (frame) yield frame;
      number += 1;
      filled = 0;
      frame = isWanted(number) ? (shared ?? allocate()) : null;
    }
  }
  return filled;
}
