import fc from 'fast-check';
import { expect, it } from 'vitest';
import { placeRegion } from '../../../../src/core/regions/place-region.ts';
import { framesShowing, regionPlan } from '../../../../src/core/regions/region-plan.ts';
import { parseRegion } from '../../../../src/core/regions/region-text.ts';

const times = { times: Float64Array.from({ length: 50 }, (_, at) => 1000 + 40 * at), endTime: 3000 };
const timeBase = { numerator: 1, denominator: 1000 };

const scenes = fc
  .record({
    width: fc.integer({ min: 16, max: 4096 }),
    height: fc.integer({ min: 16, max: 2400 }),
    rotationDegrees: fc.constantFrom(0 as const, 90 as const, 180 as const, 270 as const),
    sampleAspect: fc.constantFrom([1, 1], [16, 11], [12, 11], [4, 3], [8, 9]),
    isTurned: fc.boolean(),
    firstFrame: fc.integer({ min: 0, max: 49 }),
  })
  .chain((scene) =>
    fc
      .record({
        frames: fc.integer({ min: 1, max: 50 - scene.firstFrame }),
        x: fc.integer({ min: 0, max: 15 }),
        y: fc.integer({ min: 0, max: 15 }),
      })
      .chain((more) =>
        fc.record({
          scene: fc.constant({ ...scene, ...more }),
          width: fc.integer({ min: 1, max: scene.width - more.x }),
          height: fc.integer({ min: 1, max: scene.height - more.y }),
        }),
      ),
  );

it('a plan gives the regions that it was made of', () => {
  fc.assert(
    fc.property(scenes, ({ scene, width, height }) => {
      const [numerator = 1, denominator = 1] = scene.sampleAspect;
      const stored = { width: scene.width, height: scene.height };
      const isAcross = scene.isTurned && scene.rotationDegrees % 180 === 90;
      const geometry = {
        video: {
          size: stored,
          sampleAspect: { numerator, denominator },
          rotationDegrees: scene.rotationDegrees,
        },
        isTurned: scene.isTurned,
        frame: isAcross ? { width: stored.height, height: stored.width } : stored,
      };
      const size = isAcross ? { width: height, height: width } : { width, height };
      const region = {
        ...{ firstFrame: scene.firstFrame, frames: scene.frames },
        box: { x: isAcross ? scene.y : scene.x, y: isAcross ? scene.x : scene.y, ...size },
      };
      const plan = regionPlan('clip.mp4', [region], geometry, { ...times, timeBase });
      const parsed = parseRegion(plan.regions[0]?.region ?? '');
      if (typeof parsed === 'string') throw new Error(parsed);
      expect(placeRegion(parsed, geometry, { ...times, timeBase })).toEqual(region);
    }),
    { numRuns: 300 },
  );
});

it('shows every region in some frame, and no more frames than asked for', () => {
  const spans = fc.array(
    fc.record({ firstFrame: fc.integer({ min: 0, max: 300 }), frames: fc.integer({ min: 1, max: 60 }) }),
    { minLength: 1, maxLength: 30 },
  );
  fc.assert(
    fc.property(spans, (regions) => {
      const shown = framesShowing(regions, 1000).map(({ frame }) => frame);
      for (const { firstFrame, frames } of regions)
        expect(shown.some((frame) => frame >= firstFrame && frame < firstFrame + frames)).toBe(true);
      expect(framesShowing(regions, 3).length).toBe(Math.min(3, shown.length));
    }),
  );
});
