import { describe, expect, it } from 'vitest';
import type { RgbFrame } from '../../../../src/ports/media-tool.ts';
import { judgeMotion } from '../../../../src/worker/engines/describe/judge-motion.ts';
import { toLabGrid } from '../../../../src/worker/engines/describe/measure/lab-grid.ts';
import { measureMotion } from '../../../../src/worker/engines/describe/measure/motion.ts';
import { findShift } from '../../../../src/worker/engines/describe/measure/shift.ts';
import { createRandom, paintFrame, type Rgb, texture } from '../../../support/rgb-frames.ts';

const grayOf = (value: number): Rgb => [value, value, value];
const textured = (dx = 0, dy = 0, gain = 1) => paintFrame((x, y) => grayOf(gain * texture(x - dx, y - dy)));
const box = (left: number, top: number) =>
  paintFrame((x, y) => grayOf(x > left && x < left + 0.2 && y > top && y < top + 0.2 ? 230 : 60));
const random = createRandom(3);
const noise = () => paintFrame(() => grayOf(255 * random()), { width: 96, height: 96 });
const motionOf = (...frames: RgbFrame[]) => judgeMotion(measureMotion(frames.map(toLabGrid)), true);

describe('motion', () => {
  it.each([
    { rule: 'one frame says nothing', frames: [textured()], expected: null },
    { rule: 'equal frames are still', frames: [textured(), textured()], expected: { kind: 'still' } },
    {
      rule: 'a picture that slides to the left is a camera that moves right',
      frames: [textured(), textured(-0.06)],
      expected: { kind: 'travel', towards: 'right', isStrong: false },
    },
    {
      rule: 'a picture that slides up is a camera that moves down',
      frames: [textured(), textured(0, -0.06)],
      expected: { kind: 'travel', towards: 'down', isStrong: false },
    },
    {
      rule: 'a far shift is strong',
      frames: [textured(), textured(0.125)],
      expected: { kind: 'travel', towards: 'left', isStrong: true },
    },
    {
      rule: 'a thing that crosses a plain background is no camera move',
      frames: [box(0.7, 0.7), box(0.76, 0.7)],
      expected: { kind: 'local', zone: 8, isStrong: false },
    },
    {
      rule: 'a fade in',
      frames: [textured(0, 0, 0.3), textured()],
      expected: { kind: 'brighter', isStrong: true },
    },
    {
      rule: 'a fade out',
      frames: [textured(), textured(0, 0, 0.3)],
      expected: { kind: 'darker', isStrong: true },
    },
    { rule: 'noise is everywhere', frames: [noise(), noise()], expected: { kind: 'broad', isStrong: true } },
    {
      rule: 'three frames count as two pairs',
      frames: [textured(), textured(0.05), textured(0.1)],
      expected: { kind: 'travel', towards: 'left', isStrong: false },
    },
  ])('$rule', ({ frames, expected }) => expect(motionOf(...frames)).toEqual(expected));

  it('a fade of a control video is no change of light', () => {
    const measures = measureMotion([textured(0, 0, 0.3), textured()].map(toLabGrid));
    expect(judgeMotion(measures, false)?.kind).toBe('broad');
  });

  it.each([
    [0.05, 0],
    [-0.1, 0.05],
    [0, 0.125],
  ])('a shift of (%d, %d) is found to the cell', (dx, dy) => {
    const shift = findShift(toLabGrid(textured()), toLabGrid(textured(dx, dy)));
    expect(shift?.x).toBeCloseTo(dx, 1);
    expect(Math.abs((shift?.x ?? 9) - dx)).toBeLessThan(0.011);
    expect(Math.abs((shift?.y ?? 9) - dy)).toBeLessThan(0.011);
  });
});
