import fc from 'fast-check';
import { expect, it } from 'vitest';
import { sampleStepSeconds } from '../../../../src/core/hints/video-info.ts';

const clip = (frames: number, frameRate: number) => ({
  width: 320,
  height: 180,
  frames,
  frameRate,
  durationSeconds: frames / frameRate,
});

it.each([
  {
    rule: 'a long clip is sampled at the rate asked for',
    video: clip(300, 30),
    frames: 2,
    fps: 2,
    step: 0.5,
  },
  { rule: 'so is one whose last frame is just on time', video: clip(17, 30), frames: 2, fps: 2, step: 0.5 },
  { rule: 'one frame needs no room', video: clip(1, 30), frames: 1, fps: 2, step: 0.5 },
  { rule: 'a slow rate of 1/2 a second', video: clip(300, 30), frames: 3, fps: 0.5, step: 2 },
])('$rule', ({ video, frames, fps, step }) => {
  expect(sampleStepSeconds(video, frames, fps)).toBeCloseTo(step, 9);
});

it('takes as many different frames of a short clip as it has, the last one included', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 60 }),
      fc.integer({ min: 2, max: 60 }),
      fc.constantFrom(10, 24, 25, 29.97, 30, 60, 120),
      (clipFrames, wanted, rate) => {
        const video = clip(clipFrames, rate);
        const taken = takeFrames(video, wanted, sampleStepSeconds(video, wanted, 2));
        expect(taken).toHaveLength(Math.min(clipFrames, wanted));
        if (video.durationSeconds < 0.5 && wanted === 2) expect(taken).toEqual([0, clipFrames - 1]);
      },
    ),
  );
});

/** What ffmpeg's select filter does with the step: the first frame at or after each wanted time. */
function takeFrames(video: { frames: number; frameRate: number }, wanted: number, step: number): number[] {
  const taken: number[] = [];
  for (let frame = 0; frame < video.frames && taken.length < wanted; frame++) {
    if (frame / video.frameRate + 0.001 >= taken.length * step) taken.push(frame);
  }
  return taken;
}
