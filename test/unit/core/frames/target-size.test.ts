import { expect, it } from 'vitest';
import {
  parseTargetSize,
  scaledSize,
  scaleOfTarget,
  shownScale,
  targetNotices,
} from '../../../../src/core/frames/target-size.ts';

const upright = { sampleAspect: { numerator: 1, denominator: 1 }, rotationDegrees: 0 } as const;

it.each([
  { text: '3840x2160', box: { width: 3840, height: 2160, isTurnable: false } },
  { text: '4K', box: { width: 3840, height: 2160, isTurnable: true } },
  { text: ' 1080p ', box: { width: 1920, height: 1080, isTurnable: true } },
  { text: '1920x', box: { width: 1920, height: null, isTurnable: false } },
  { text: 'X1080', box: { width: null, height: 1080, isTurnable: false } },
  { text: 'x', box: null },
  { text: '0x5', box: null },
  { text: '1x1', box: null },
  { text: '1920', box: null },
  { text: '12p', box: null },
  { text: '', box: null },
  { text: 'constructor', box: null },
])('"$text" is read', ({ text, box }) => expect(parseTargetSize(text)).toEqual(box));

it.each([
  { rule: 'a box of the same shape is filled', from: [1280, 720], size: '4k', to: [3840, 2160] },
  { rule: 'wide films fill the width', from: [1280, 536], size: '4k', to: [3840, 1608] },
  { rule: 'television fills the height', from: [640, 480], size: '1080p', to: [1440, 1080] },
  { rule: 'a side rounded before is rounded no further', from: [854, 480], size: '1080p', to: [1920, 1080] },
  { rule: 'a standing video fills the standing box', from: [1080, 1920], size: '4k', to: [2160, 3840] },
  {
    rule: 'a size in pixels stands as it is written',
    from: [1080, 1920],
    size: '3840x2160',
    to: [1216, 2160],
  },
  { rule: 'a width alone', from: [640, 360], size: '1000x', to: [1000, 562] },
  { rule: 'a height alone', from: [640, 360], size: 'x1000', to: [1778, 1000] },
  { rule: 'smaller', from: [3840, 2160], size: '1080p', to: [1920, 1080] },
])('$rule: $size', ({ from: [width = 0, height = 0], size, to }) => {
  const { scale } = scaleOfTarget({ size: { width, height }, ...upright }, { scale: 2, size });
  const { width: across, height: down } = scaledSize({ width, height }, scale, 'yuv420p');
  expect([across, down]).toEqual(to);
});

it('a size is that of the video as shown, and its pixels keep their shape', () => {
  const size = { width: 720, height: 576 };
  const wide = { size, ...upright, sampleAspect: { numerator: 16, denominator: 15 } };
  expect(scaleOfTarget(wide, { scale: 2, size: '1536x1152' })).toEqual({ scale: 2, isBoxFilled: true });
  const turned = { size: { width: 1920, height: 1080 }, ...upright, rotationDegrees: 90 } as const;
  expect(scaleOfTarget(turned, { scale: 2, size: '2160x3840' })).toEqual({ scale: 2, isBoxFilled: true });
  expect(scaleOfTarget(turned, { scale: 2, size: '4k' })).toEqual({ scale: 2, isBoxFilled: true });
  expect(scaleOfTarget(turned, { scale: 2, size: 'x1920' })).toEqual({ scale: 1, isBoxFilled: true });
});

it.each([
  { scale: 1.5, format: 'yuv420p', to: [144, 82] },
  { scale: 1.5, format: 'yuv422p', to: [144, 81] },
  { scale: 2.25, format: 'yuv444p10le', to: [216, 122] },
  { scale: 0.1, format: 'yuv420p', to: [10, 6] },
  { scale: 3, format: 'gray', to: [288, 162] },
])('96x54 is rounded as $format holds it, $scale times', ({ scale, format, to: [width, height] }) =>
  expect(scaledSize({ width: 96, height: 54 }, scale, format)).toEqual({ width, height }),
);

it('of a very small picture something is left', () =>
  expect(scaledSize({ width: 3, height: 2 }, 0.1, 'yuv420p')).toEqual({ width: 2, height: 2 }));

it('what a person has to know of a size is said', () => {
  const asked = { scale: 1, isBoxFilled: true };
  const frame = { width: 100, height: 50 };
  expect(targetNotices({ frame, target: { width: 200, height: 100 } }, { ...asked, scale: 2 })).toEqual([]);
  const boxed = { scale: 2, isBoxFilled: false };
  expect(targetNotices({ frame, target: { width: 200, height: 100 } }, boxed, '200x200')).toEqual([
    'The result is 200x100: the video has another shape than 200x200. It is neither distorted nor cut.',
  ]);
  expect(targetNotices({ frame, target: { width: 50, height: 24 } }, { ...asked, scale: 0.5 })).toEqual([
    'The result is 50x24: its sides have to be even, unlike 50x25.',
    "The result is 50x24, which is smaller than the video's 100x50.",
  ]);
  expect(shownScale(frame, { width: 225, height: 112 })).toBe(2.25);
});
