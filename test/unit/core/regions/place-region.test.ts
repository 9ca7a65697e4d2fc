import { describe, expect, it } from 'vitest';
import { placeRegion, splitAtRegions } from '../../../../src/core/regions/place-region.ts';
import { parseRegion } from '../../../../src/core/regions/region-text.ts';

const square = { numerator: 1, denominator: 1 };
const timeBase = { numerator: 1, denominator: 1000 };
/** 100 frames, 40 ms each, from second 5 of the file's clock on. */
const timeline = { times: Float64Array.from({ length: 100 }, (_, at) => 5000 + 40 * at), timeBase };

function placed(text: string, options: Partial<Parameters<typeof placeRegion>[1]> = {}) {
  const region = parseRegion(text);
  if (typeof region === 'string') throw new Error(region);
  const size = { width: 640, height: 360 };
  const video = { size, sampleAspect: square, rotationDegrees: 0 } as const;
  return placeRegion(region, { video, isTurned: false, frame: size, ...options }, timeline);
}

const turned = (rotationDegrees: 90 | 180 | 270) => ({
  video: { size: { width: 640, height: 360 }, sampleAspect: square, rotationDegrees },
});

describe('where a region lies', () => {
  it.each([
    { text: '10,20,100,50', expected: { x: 10, y: 20, width: 100, height: 50 } },
    { text: '50%,50%,50%,50%', expected: { x: 320, y: 180, width: 320, height: 180 } },
    { text: '600,340,100,100', expected: { x: 600, y: 340, width: 40, height: 20 } },
    { text: '0.5,0.5,1,1', expected: { x: 0, y: 0, width: 2, height: 2 } },
  ])('$text', ({ text, expected }) => expect(placed(text)).toMatchObject({ box: expected }));

  // The mark is 20x10 at the top left of what a viewer sees; the stored picture is turned clockwise by the player.
  it.each([
    { degrees: 90, expected: { x: 0, y: 340, width: 10, height: 20 } },
    { degrees: 180, expected: { x: 620, y: 350, width: 20, height: 10 } },
    { degrees: 270, expected: { x: 630, y: 0, width: 10, height: 20 } },
  ] as const)('in a picture that is shown turned by $degrees', ({ degrees, expected }) => {
    expect(placed('0,0,20,10', turned(degrees))).toMatchObject({ box: expected });
  });

  it('in frames that were turned already', () => {
    const options = { ...turned(90), isTurned: true, frame: { width: 360, height: 640 } };
    expect(placed('0,0,20,10', options)).toMatchObject({ box: { x: 0, y: 0, width: 20, height: 10 } });
  });

  it('counts pixels as shown where they are not square', () => {
    const sampleAspect = { numerator: 2, denominator: 1 };
    const video = { size: { width: 320, height: 360 }, sampleAspect, rotationDegrees: 0 } as const;
    expect(placed('100,10,200,20', { video, frame: video.size })).toMatchObject({
      box: { x: 50, y: 10, width: 100, height: 20 },
    });
  });

  it('refuses one outside the picture', () => expect(placed('640,0,10,10')).toMatch(/640x360/));
});

describe('when a region counts', () => {
  it.each([
    { times: '', first: 0, frames: 100 },
    { times: '@1-2', first: 25, frames: 25 },
    { times: '@0.99-', first: 25, frames: 75 },
    { times: '@-0.04', first: 0, frames: 1 },
    { times: '@10f-20f', first: 9, frames: 11 },
    { times: '@100f-', first: 99, frames: 1 },
    { times: '@3-100', first: 75, frames: 25 },
  ])('$times', ({ times, first, frames }) => {
    expect(placed(`0,0,10,10${times}`)).toMatchObject({ firstFrame: first, frames });
  });

  it.each([
    { times: '@101f-', reason: /after the last of the 100 frames/ },
    { times: '@4-5', reason: /after the last/ },
    { times: '@1.01-1.03', reason: /no frame/ },
  ])('refuses $times', ({ times, reason }) => expect(placed(`0,0,10,10${times}`)).toMatch(reason));

  it('begins and ends with a frame of its own, though it shows what the one before shows', () => {
    const box = { x: 0, y: 0, width: 1, height: 1 };
    const regions = [
      { firstFrame: 3, frames: 4, box },
      { firstFrame: 7, frames: 3, box },
    ];
    expect([...splitAtRegions(Int32Array.of(0, 2, 6), 10, regions)]).toEqual([0, 2, 3, 6, 7]);
  });
});
