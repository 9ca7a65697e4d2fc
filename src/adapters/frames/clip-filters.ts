import { denoiseReach, type FrameFilters } from '../../core/frames/frame-filters.ts';
import type { Clip } from '../../protocol/segment.ts';
import { isRgbSpace } from './color.ts';

/** Strengths of the filters, chosen on clips with noise of known strength: those of the highest PSNR at each level. */
const denoising = {
  light: { spatial: '2:1.5', threshold: [0.03, 0.06] },
  medium: { spatial: '5:3.75', threshold: [0.05, 0.1] },
  strong: { spatial: '8:6', threshold: [0.08, 0.16] },
} as const;

/** So little that a frame does not depend on the one before: without a bound, it would on all of them. */
const nothingOverTime = '0.001:0.001';

/**
 * The filters that a clip's frames go through before anything else is done to them, as ffmpeg's. Each sees a bounded number of
 * frames around one, and gives one for each, at its time.
 */
export function clipFilters(clip: Clip): readonly string[] {
  const { deinterlace, denoise } = clip.filters ?? {};
  return [
    ...(deinterlace === undefined ? [] : deinterlacing(deinterlace, clip)),
    ...(denoise === undefined ? [] : denoisingBy(denoise, clip)),
  ];
}

/** It counts in halves of a tick, which are made ticks again. */
function deinterlacing(mode: NonNullable<FrameFilters['deinterlace']>, { time_base: base }: Clip): string[] {
  const parity = mode === 'auto' ? 'parity=auto:deint=interlaced' : `parity=${mode}:deint=all`;
  return [`bwdif=mode=send_frame:${parity}`, `settb=${base.numerator}/${base.denominator}`];
}

function denoisingBy(level: NonNullable<FrameFilters['denoise']>, clip: Clip): string[] {
  const { spatial, threshold } = denoising[level];
  const [least, most] = threshold;
  const planes = [0, 1, 2].map((plane) => `${plane}a=${least}:${plane}b=${most}`);
  // What knows only YUV would have RGB and grays converted.
  const isYuv = !isRgbSpace(clip.color.space) && !clip.target.pixel_format.startsWith('gray');
  return [
    ...(isYuv ? [`hqdn3d=${spatial}:${nothingOverTime}`] : []),
    `atadenoise=${planes.join(':')}:s=${2 * denoiseReach[level] + 1}`,
  ];
}
