import type { RgbFrame } from '../../../../ports/media-tool.ts';
import { type DetailMeasures, measureDetail } from './detail.ts';
import { type FlatToneMeasures, measureFlatTones } from './flat-tones.ts';
import { toLabGrid } from './lab-grid.ts';
import { type LayoutMeasures, measureLayout } from './layout.ts';
import { type LightMeasures, measureLight } from './light.ts';
import { toLumaPlane } from './luma-plane.ts';
import { type MotionMeasures, measureMotion } from './motion.ts';
import { measurePalette, type PaletteMeasures } from './palette.ts';
import { measurePlainField, type PlainFieldMeasures } from './plain-field.ts';
import { measureSmallLights, type SmallLightMeasures } from './small-lights.ts';

/** Everything that is known about a clip: numbers only, no words. */
export interface FrameMeasures {
  readonly light: LightMeasures;
  readonly palette: PaletteMeasures;
  readonly tones: FlatToneMeasures;
  readonly field: PlainFieldMeasures;
  readonly smallLights: SmallLightMeasures;
  readonly detail: DetailMeasures;
  readonly layout: LayoutMeasures;
  /** Null for a single frame. */
  readonly motion: MotionMeasures | null;
}

/**
 * Measures frames of one clip, in order. Each frame is first shrunk to a small grid of OKLab cells and a small
 * plane of brightness, so the cost of a frame hardly depends on its size.
 *
 * @param frames - At least one, all of the same size, with a full buffer each.
 */
export function measureFrames(frames: readonly [RgbFrame, ...RgbFrame[]]): FrameMeasures {
  const [first, ...rest] = frames;
  const firstGrid = toLabGrid(first);
  const planes = frames.map(toLumaPlane);
  const restGrids = rest.map(toLabGrid);
  const grids = [firstGrid, ...restGrids];
  const light = measureLight(grids);
  return {
    light,
    palette: measurePalette(grids),
    tones: measureFlatTones(firstGrid, restGrids),
    field: measurePlainField(firstGrid, restGrids, planes),
    smallLights: measureSmallLights(frames, light),
    detail: measureDetail(planes),
    layout: measureLayout(firstGrid),
    motion: measureMotion(grids),
  };
}
