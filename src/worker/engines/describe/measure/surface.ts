import type { FrameMeasures } from './measure.ts';

/**
 * What kind of picture the frames are. Control videos are told apart from footage, because their grays and flat
 * colors stand for distance, outline or class and say nothing about the scene's own light and color.
 * - `depth`: smooth gray slopes. - `edges`: thin bright lines on black. - `regions`: a few flat tones.
 * - `blank`: one tone and nothing else. - `footage`: everything else.
 */
export type Surface = 'footage' | 'depth' | 'edges' | 'regions' | 'blank';

/** Recognizes the kind of picture. When in doubt it is footage. */
export function recognizeSurface({ light, palette, tones, detail }: FrameMeasures): Surface {
  const isNeutral = palette.neutralShare >= 0.97;
  const largest = palette.entries[0]?.share ?? 0;
  if (light.range < 0.05 && largest >= 0.9 && detail.edgeShare < 0.002 && detail.grain < 1.5) return 'blank';
  const isLineDrawing = detail.litShare >= 0.003 && detail.litShare <= 0.4 && detail.thinShare >= 0.6;
  if (isNeutral && detail.blackShare >= 0.5 && isLineDrawing) return 'edges';
  const isPainted = detail.flatShare >= 0.88 && detail.grain < 0.6 && tones.slopeShare < 0.12;
  if (isPainted && tones.coveredShare >= 0.8 && tones.count >= 2) return 'regions';
  const isRelief = detail.grain < 1.2 && detail.edgeShare < 0.12 && light.range >= 0.15;
  return isNeutral && isRelief ? 'depth' : 'footage';
}
