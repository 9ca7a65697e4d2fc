import { type FrameFormat, frameBytes, planesOf, samplesOf } from '../../core/frames/frame-format.ts';

/**
 * A frame with its last column and row repeated, where the encoder wants even sides: what was there before keeps its bits.
 * The frame itself where there is nothing to add.
 */
export function padFrame(frame: Uint8Array, from: FrameFormat, to: FrameFormat): Uint8Array {
  if (from.width === to.width && from.height === to.height) return frame;
  const padded = new Uint8Array(frameBytes(to));
  const [source, target] = [samplesOf(frame, from), samplesOf(padded, to)];
  const targetPlanes = planesOf(to);
  for (const [index, plane] of planesOf(from).entries()) {
    const { offset, width, height } = targetPlanes[index] ?? plane;
    for (let row = 0; row < height; row++) {
      const at = plane.offset + Math.min(row, plane.height - 1) * plane.width;
      const start = offset + row * width;
      target.set(source.subarray(at, at + plane.width), start);
      if (width > plane.width)
        target.fill(source[at + plane.width - 1] ?? 0, start + plane.width, start + width);
    }
  }
  return padded;
}
