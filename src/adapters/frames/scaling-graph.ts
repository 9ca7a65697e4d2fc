import type { FrameFormat } from '../../core/frames/frame-format.ts';
import type { Clip } from '../../protocol/segment.ts';
import { chromaPositions, rangeOf } from './color.ts';
import { exactScaling } from './decode-command.ts';
import { isRgb } from './pixel-formats.ts';

/**
 * The filters that scale frames with Lanczos kernels and keep everything else: the values' range, where chroma sits,
 * the pixel format.
 */
export function scalingGraph(from: FrameFormat, to: FrameFormat, clip: Clip | null): string {
  const size = `scale=${to.width}:${to.height}:flags=lanczos+${exactScaling}`;
  if (isRgb(from.pixelFormat)) return rgbGraph(from.pixelFormat, size, to.pixelFormat);
  const range = rangeOf(clip);
  const positions = chromaPositions(from.pixelFormat, clip);
  const options = [size, `in_range=${range}`, `out_range=${range}`, ...positions];
  return `${options.join(':')},format=${to.pixelFormat}`;
}

/** The scaler takes RGB through YUV, which rounds; so each colour is scaled as a gray picture of its own. */
function rgbGraph(format: string, size: string, to: string): string {
  const planar = format.startsWith('rgb48') ? 'gbrp16le' : 'gbrp';
  return [
    `format=${planar},extractplanes=r+g+b[r][g][b]`,
    `[g]${size}[gs]`,
    `[b]${size}[bs]`,
    `[r]${size}[rs]`,
    `[gs][bs][rs]mergeplanes=map1s=1:map2s=2:format=${planar},format=${to}`,
  ].join(';');
}
