import { expect, it } from 'vitest';
import { chooseVideo } from '../../../../src/core/frames/choose-video.ts';

it.each([
  { what: 'a cover in front', frames: [1, 250], isDefault: [], chosen: 1 },
  {
    what: 'a cover in front that every program calls the default',
    frames: [1, 250],
    isDefault: [0],
    chosen: 1,
  },
  { what: 'a cover behind', frames: [250, 1], isDefault: [], chosen: 0 },
  { what: 'the default one of two that differ', frames: [100, 250], isDefault: [0], chosen: 0 },
  { what: 'the default one behind', frames: [250, 250], isDefault: [1], chosen: 1 },
  { what: 'the longest without a default', frames: [100, 250, 30], isDefault: [], chosen: 1 },
  {
    what: 'the first of about equal ones, as in a transport stream',
    frames: [248, 250],
    isDefault: [],
    chosen: 0,
  },
  { what: 'the film and not its trailer that is flagged', frames: [20, 250], isDefault: [0], chosen: 1 },
  { what: 'pictures only', frames: [1, 1], isDefault: [1], chosen: 0 },
  { what: 'nothing that can be counted', frames: [0, 0], isDefault: [], chosen: 0 },
])('takes $what', ({ frames, isDefault, chosen }) => {
  const candidates = frames.map((count, place) => ({
    frames: count,
    isDefault: isDefault.includes(place as never),
  }));
  expect(chooseVideo(candidates)).toBe(chosen);
});
