import fc from 'fast-check';
import { expect, it } from 'vitest';
import { MaskTracker, maskOfText, type TrackedRegion } from '../../../../src/core/regions/mask-tracker.ts';

const size = { width: 120, height: 80 };

type Rectangle = readonly [x: number, y: number, width: number, height: number];

function maskOf(rectangles: readonly Rectangle[]): Uint8Array {
  const mask = new Uint8Array(size.width * size.height);
  for (const [x, y, width, height] of rectangles) {
    for (let row = y; row < Math.min(size.height, y + height); row++)
      mask.fill(1, row * size.width + x, row * size.width + Math.min(size.width, x + width));
  }
  return mask;
}

function tracked(masks: readonly (Uint8Array | null)[]): TrackedRegion[] {
  const tracker = new MaskTracker(size);
  for (const mask of masks) tracker.add(mask);
  return tracker.finish();
}

/** The mask of a frame, put together from all regions; a pixel of two regions counts twice. */
function rebuilt(regions: readonly TrackedRegion[], frame: number): Uint8Array {
  const mask = new Uint8Array(size.width * size.height);
  for (const { firstFrame, box, masks } of regions) {
    let at = firstFrame;
    const step = masks.find(({ frames }) => {
      at += frames;
      return frame < at;
    });
    if (frame < firstFrame || !step) continue;
    for (const [index, value] of maskOfText(step.text, box).entries()) {
      const row = box.y + Math.floor(index / box.width);
      const place = row * size.width + box.x + (index % box.width);
      mask[place] = (mask[place] ?? 0) + value;
    }
  }
  return mask;
}

const rectangles = fc.array(
  fc.tuple(
    fc.integer({ min: 0, max: 119 }),
    fc.integer({ min: 0, max: 79 }),
    fc.integer({ min: 1, max: 40 }),
    fc.integer({ min: 1, max: 30 }),
  ),
  { maxLength: 5 },
);

it('keeps every pixel of every mask, once', () => {
  fc.assert(
    fc.property(fc.array(fc.option(rectangles, { freq: 2 }), { minLength: 1, maxLength: 8 }), (drawn) => {
      const regions = tracked(drawn.map((each) => each && maskOf(each)));
      let last = maskOf([]);
      for (const [frame, each] of drawn.entries()) {
        if (each) last = maskOf(each);
        expect(Buffer.compare(rebuilt(regions, frame), last)).toBe(0);
      }
    }),
    { numRuns: 60 },
  );
});

it('gives a patch that stays one box over its whole time', () => {
  const moving = Array.from({ length: 6 }, (_, at) => maskOf([[20 + 3 * at, 30, 20, 10]]));
  expect(tracked([maskOf([]), ...moving, maskOf([])])).toMatchObject([
    { firstFrame: 1, frames: 6, box: { x: 20, y: 30, width: 35, height: 10 } },
  ]);
  expect(tracked([moving[0] ?? null, null, null])).toMatchObject([
    { firstFrame: 0, frames: 3, masks: [{ frames: 3, text: '0,5k' }] },
  ]);
});

it('gives patches that are far from each other boxes of their own, and joins those that are near', () => {
  const boxes = (drawn: readonly Rectangle[]) => tracked([maskOf(drawn)]).map(({ box }) => box);
  expect(
    boxes([
      [0, 0, 10, 10],
      [90, 60, 10, 10],
    ]),
  ).toHaveLength(2);
  expect(
    boxes([
      [0, 0, 10, 10],
      [14, 12, 10, 10],
    ]),
  ).toEqual([{ x: 0, y: 0, width: 24, height: 22 }]);
});

it.each(['5k', '0,5l', '0,zz,1', '0,-1'])('refuses a text that leaves its box: %s', (text) => {
  expect(() => maskOfText(`${text},7s,1`, { width: 20, height: 10 })).toThrow('fit');
});
