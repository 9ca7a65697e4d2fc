import { bitsOf, type FrameFormat, planesOf, samplesOf } from '../../core/frames/frame-format.ts';
import { resamplePlane } from '../../core/frames/resample-plane.ts';

/** How far around a pixel its detail depends on others: six pixels down, and three of twice the size up again. */
export const sharpenReachPx = 14;

/**
 * Adds what a crop loses when it is made half as large and back with Lanczos kernels: one level of a Laplacian pyramid
 * (Burt and Adelson, 1983), of luma alone, because colour is coarse already. The same bits on every machine.
 *
 * @param strength - In percent: how much of it is added.
 */
export function sharpen(crop: Uint8Array, format: FrameFormat, strength: number): void {
  const [luma] = planesOf(format);
  if (!luma) return;
  const { width, height } = luma;
  const samples = samplesOf(crop, format).subarray(0, width * height);
  const half = { width: Math.ceil(width / 2), height: Math.ceil(height / 2) };
  const small = resamplePlane({ width, height, data: Float32Array.from(samples) }, half, 'lanczos');
  const { data } = resamplePlane(small, { width, height }, 'lanczos');
  const top = 2 ** bitsOf(format) - 1;
  for (let at = 0; at < samples.length; at++) {
    const sample = samples[at] ?? 0;
    const detail = sample - (data[at] ?? 0);
    samples[at] = Math.min(top, Math.max(0, Math.round(sample + (detail * strength) / 100)));
  }
}
