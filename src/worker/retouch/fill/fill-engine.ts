import { setImmediate } from 'node:timers/promises';
import type { FrameFormat } from '../../../core/frames/frame-format.ts';
import { frameBytes, samplesOf } from '../../../core/frames/frame-format.ts';
import { type CropEngine, type CropFrame, windowed } from '../crop-engine.ts';
import { fillCrop } from './fill-crop.ts';
import { type Hole, holesOf } from './picture.ts';
import { Sight } from './sight.ts';

/** Context around a mask, in pixels: enough to find the picture again in other frames. */
const contextPx = 56;

/** After so long, whatever else the process has to do comes first. */
const breathMs = 20;

/** Replaces what is masked by what other frames show there, or by what its surroundings suggest. */
export function fillEngine(radiusFrames: number): CropEngine {
  return {
    ...{ radiusFrames, lookaheadFrames: radiusFrames },
    reachPx: () => contextPx,
    start: async () => undefined,
    process: ({ format }, crops, signal) => fillCrops(format, crops, radiusFrames, signal),
    stop: async () => undefined,
  };
}

async function* fillCrops(
  format: FrameFormat,
  crops: AsyncIterable<CropFrame>,
  radius: number,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const sights = new WeakMap<CropFrame, Sight>();
  const holes = new WeakMap<Uint8Array, readonly Hole[]>();
  const known = holesOf(null, format);
  const sightOf = (crop: CropFrame): Sight => {
    const { mask } = crop;
    const own = mask === null ? known : (holes.get(mask) ?? holesOf(mask, format));
    if (mask) holes.set(mask, own);
    const sight = sights.get(crop) ?? new Sight(crop.samples, format, own);
    sights.set(crop, sight);
    return sight;
  };
  let last = performance.now();
  const breathe = async () => {
    if (performance.now() - last < breathMs) return;
    await setImmediate();
    signal.throwIfAborted();
    last = performance.now();
  };
  yield* windowed(crops, radius, async ({ frames, at }) => {
    signal.throwIfAborted();
    const row = [];
    for (const crop of frames) {
      row.push(sightOf(crop));
      await breathe();
    }
    return joined(await fillCrop({ row, at, reach: radius }, breathe), format);
  });
}

function joined(planes: readonly (Uint8Array | Uint16Array)[], format: FrameFormat): Uint8Array {
  const crop = new Uint8Array(frameBytes(format));
  const all = samplesOf(crop, format);
  let offset = 0;
  for (const plane of planes) {
    all.set(plane, offset);
    offset += plane.length;
  }
  return crop;
}
