import { expect, it } from 'vitest';
import { type BoxSpan, coverTrack } from '../../../../src/core/detect/cover-track.ts';
import { overlapOf, type Rect } from '../../../../src/core/detect/detection.ts';
import { ShotCuts } from '../../../../src/core/detect/shot-cuts.ts';
import { type Sample, trackDetections } from '../../../../src/core/detect/track-detections.ts';

const frameRate = 25;
const rect = (left: number, top: number, width = 200, height = 30): Rect => ({
  left,
  top,
  right: left + width,
  bottom: top + height,
});

/** Samples of pictures with one thing each, or none. */
function samplesOf(
  pictures: readonly number[],
  at: (picture: number) => Rect | null,
  {
    score = () => 0.95,
    shot = () => 0,
  }: { score?: (picture: number) => number; shot?: (picture: number) => number } = {},
): Sample[] {
  return pictures.map((picture) => {
    const found = at(picture);
    return {
      picture,
      ...{ seconds: picture / frameRate, endSeconds: (picture + 1) / frameRate, shot: shot(picture) },
      detections: found ? [{ rect: found, score: score(picture), label: 0 }] : [],
    };
  });
}

function coversOf(samples: readonly Sample[]): BoxSpan[] {
  return trackDetections(samples, { leastScore: 0.8 }).flatMap(coverTrack);
}

const every5 = Array.from({ length: 21 }, (_, index) => 5 * index);

it('gives what trembles one rectangle for all its time', () => {
  const covers = coversOf(
    samplesOf(
      [...every5, 12, 88].sort((a, b) => a - b),
      (picture) => (picture >= 12 && picture <= 88 ? rect(100 + (picture % 3), 50 - (picture % 2)) : null),
    ),
  );
  expect(covers).toHaveLength(1);
  expect(covers[0]).toMatchObject({ firstPicture: 12, pictures: 77 });
  expect(overlapOf(covers[0]?.rect ?? rect(0, 0), rect(101, 50))).toBeGreaterThan(0.9);
});

it.each([
  { way: 'across', at: (picture: number) => rect(20 + 4 * picture, 50) },
  { way: 'slowly across', at: (picture: number) => rect(20 + 0.6 * picture, 50) },
  { way: 'up', at: (picture: number) => rect(100, 300 - 2.5 * picture) },
  {
    way: 'around',
    at: (picture: number) => rect(200 + 100 * Math.sin(picture / 15), 150 + 60 * Math.cos(picture / 15)),
  },
])('follows what moves $way', ({ at }) => {
  const covers = coversOf(samplesOf(every5, at));
  const byPicture = Array.from({ length: 101 }, (_, picture) =>
    covers.filter(({ firstPicture: first, pictures }) => picture >= first && picture < first + pictures),
  );
  for (const [picture, here] of byPicture.entries()) {
    expect(here).toHaveLength(1);
    expect(overlapOf(here[0]?.rect ?? rect(0, 0), at(picture))).toBeGreaterThan(0.75);
  }
});

it('fills a short gap, and leaves a long one', () => {
  const present = (gap: number) => (picture: number) =>
    picture > 40 && picture < 40 + gap ? null : rect(100, 50);
  expect(coversOf(samplesOf(every5, present(10)))).toMatchObject([{ firstPicture: 0, pictures: 101 }]);
  expect(coversOf(samplesOf(every5, present(20)))).toMatchObject([
    { firstPicture: 0, pictures: 41 },
    { firstPicture: 60, pictures: 41 },
  ]);
});

it('goes on with what is weak, and begins with nothing weak', () => {
  const score = (picture: number) => (picture >= 20 && picture <= 40 ? 0.95 : 0.5);
  expect(coversOf(samplesOf(every5, () => rect(100, 50), { score }))).toMatchObject([
    { firstPicture: 20, pictures: 81 },
  ]);
});

it('drops what flashes up', () => {
  expect(
    coversOf(samplesOf([0, 5, 6, 7, 10], (picture) => (picture >= 5 && picture <= 7 ? rect(9, 9) : null))),
  ).toEqual([]);
});

it('takes other writing at the same place for other writing', () => {
  const pictures = [...every5, 47, 48].sort((a, b) => a - b);
  const covers = coversOf(
    samplesOf(pictures, (picture) => (picture < 48 ? rect(100, 50, 200) : rect(60, 50, 280))),
  );
  expect(covers).toMatchObject([
    { firstPicture: 0, pictures: 48, rect: rect(100, 50, 200) },
    { firstPicture: 48, pictures: 53, rect: rect(60, 50, 280) },
  ]);
});

it('ends rectangles with their shot', () => {
  const pictures = [...every5, 51].sort((a, b) => a - b);
  const shot = (picture: number) => (picture > 50 ? 1 : 0);
  expect(coversOf(samplesOf(pictures, () => rect(100, 50), { shot }))).toMatchObject([
    { firstPicture: 0, pictures: 51 },
    { firstPicture: 51, pictures: 50 },
  ]);
});

it('finds cuts, and none in what moves evenly', () => {
  const [width, height] = [64, 48];
  const picture = (of: (x: number, y: number) => number) =>
    Uint8Array.from({ length: 3 * width * height }, (_, index) => {
      const pixel = Math.floor(index / 3);
      return of(pixel % width, Math.floor(pixel / width));
    });
  const cuts = new ShotCuts(width);
  const pictures = Array.from({ length: 20 }, (_, index) =>
    index < 12
      ? picture((x) => 128 + 100 * Math.sin(x / 9 + index / 4))
      : picture((_x, y) => 128 + 100 * Math.cos(y / 7 + index / 4)),
  );
  expect(pictures.map((each) => cuts.isCut(each)).flatMap((isCut, index) => (isCut ? [index] : []))).toEqual([
    12,
  ]);
});
