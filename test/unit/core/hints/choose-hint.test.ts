import { describe, expect, it } from 'vitest';
import { chooseHint, type HintRules, lowerHintSizes } from '../../../../src/core/hints/choose-hint.ts';

const rules: HintRules = {
  autoResize: true,
  maxResolution: { width: 320, height: 180 },
  frames: 2,
  estimator: 'linear',
  outputReserved: 300,
  limit: 4096,
};

function video(width: number, height: number, frames = 300) {
  return { width, height, frames, durationSeconds: frames / 30, frameRate: 30 };
}

function choose(
  width: number,
  height: number,
  change: Partial<HintRules> & { text?: number; frames?: number } = {},
) {
  const { text = 40, ...others } = change;
  const choice = chooseHint(video(width, height), text, { ...rules, ...others });
  return choice.action === 'fail' ? choice : { action: choice.action, ...choice.size, frames: choice.frames };
}

const auto = { maxResolution: 'auto' } as const;
const large = { maxResolution: { width: 1920, height: 1080 } };

describe('a video that fits and is within the box', () => {
  it.each([
    { rule: 'is used as it is', size: [320, 180], change: {} },
    { rule: 'is used as it is without --auto-resize too', size: [320, 180], change: { autoResize: false } },
    { rule: 'whatever its shape', size: [100, 180], change: {} },
    { rule: 'also with odd sides', size: [319, 179], change: {} },
    { rule: 'in a larger box', size: [400, 225], change: large },
    { rule: 'in a box that is as large as fits', size: [400, 225], change: auto },
    {
      rule: 'counted exactly',
      size: [896, 504],
      change: { ...large, estimator: 'pixtral', outputReserved: 100 },
    },
  ] as const)('$rule', ({ size: [width, height], change }) => {
    expect(choose(width, height, change)).toMatchObject({ action: 'as-is', width, height, frames: 2 });
  });
});

describe('a video that is too large', () => {
  it.each([
    { rule: 'gets a hint in the box', size: [1920, 1080], change: {}, expected: [320, 180] },
    { rule: 'also when only the box is too small', size: [322, 180], change: {}, expected: [320, 178] },
    { rule: 'keeps its shape', size: [1080, 1920], change: {}, expected: [100, 180] },
    {
      rule: 'in a box that is too large for the limit, the largest that fits',
      size: [1920, 1080],
      change: large,
      expected: [414, 232],
    },
    {
      rule: 'a smaller one when the text is long',
      size: [1920, 1080],
      change: { text: 1600 },
      expected: [302, 170],
    },
    { rule: 'and further', size: [1920, 1080], change: { text: 2500 }, expected: [212, 120] },
  ] as const)('$rule', ({ size, change, expected }) => {
    const [width, height] = expected;
    expect(choose(size[0], size[1], change)).toMatchObject({ action: 'hint', width, height, frames: 2 });
  });

  it('gets the largest hint that fits with --max-resolution auto', () => {
    const choice = choose(1920, 1080, auto);
    if (choice.action !== 'hint') throw new Error(choice.action);
    // 3686 - 300 - 40 - 3 tokens of frames, at 0.0173 tokens a pixel and two frames.
    expect(choice.width * choice.height * 2 * 0.0173).toBeLessThanOrEqual(3343);
    expect(choice.width * choice.height * 2 * 0.0173).toBeGreaterThan(3343 * 0.97);
  });

  it.each([
    {
      rule: 'names the limit and the flag',
      size: [1920, 1080],
      change: large,
      message: /72089 tokens, the limit is 4096; --auto-resize/,
    },
    {
      rule: 'names the box',
      size: [400, 180],
      change: {},
      message: /larger than --max-resolution 320x180; --auto-resize/,
    },
    { rule: 'with auto, names the limit', size: [1920, 1080], change: auto, message: /the limit is 4096/ },
  ] as const)('fails without --auto-resize: $rule', ({ size, change, message }) => {
    const choice = choose(size[0], size[1], { ...change, autoResize: false });
    expect(choice).toMatchObject({ action: 'fail', code: 'resolution-too-large' });
    expect(choice).toHaveProperty('message', expect.stringMatching(message));
  });
});

describe('a prompt that is too long', () => {
  it.each([
    { rule: 'by its text alone', change: { text: 5000 } },
    { rule: 'by its text alone, without --auto-resize', change: { text: 5000, autoResize: false } },
    { rule: 'even for the lowest hint', change: { text: 2900 } },
    { rule: 'by the margin alone', change: { text: 3686 - 300 - 3 + 1 } },
    { rule: 'with auto, for the smallest hint', change: { text: 3380, ...auto } },
    { rule: 'where the answer needs all', change: { outputReserved: 4096 } },
  ])('fails: $rule', ({ change }) => {
    const choice = choose(1920, 1080, change);
    expect(choice).toMatchObject({ action: 'fail', code: 'prompt-too-long' });
    expect(choice).toHaveProperty('message', expect.stringContaining('the limit of 4096'));
  });
});

describe('frames', () => {
  it.each([
    { rule: 'one-frame clips give one', has: 1, asked: 2, expected: 1 },
    { rule: 'two-frame clips give both', has: 2, asked: 2, expected: 2 },
    { rule: 'never more than asked for', has: 300, asked: 3, expected: 3 },
  ])('$rule', ({ has, asked, expected }) => {
    const choice = chooseHint(video(160, 90, has), 40, { ...rules, frames: asked });
    expect(choice).toMatchObject({ action: 'as-is', frames: expected });
  });
});

describe('lowerHintSizes', () => {
  it.each([
    { rule: 'two steps below the box', size: [320, 180], expected: ['256x144', '192x108'] },
    { rule: 'one step below the first', size: [256, 144], expected: ['192x108'] },
    { rule: 'none below the last', size: [192, 108], expected: [] },
  ] as const)('$rule', ({ size: [width, height], expected }) => {
    const lower = lowerHintSizes(video(1920, 1080), { width, height });
    expect(lower.map((size) => `${size.width}x${size.height}`)).toEqual(expected);
  });

  it('keeps the shape', () => {
    const lower = lowerHintSizes(video(1080, 1920), { width: 100, height: 180 });
    expect(lower).toEqual([
      { width: 80, height: 144 },
      { width: 60, height: 108 },
    ]);
  });
});

describe('what a model takes no smaller', () => {
  const qwen = { minSidePx: 28, maxAspect: 200 };
  const pixtral = { minSidePx: 16, maxAspect: Number.POSITIVE_INFINITY };

  it.each([
    {
      rule: 'a ribbon gets bars above and below',
      size: [4000, 20],
      change: { frameLimits: qwen },
      expected: { action: 'hint', width: 320, height: 28, picture: { width: 320, height: 2 } },
    },
    {
      rule: 'a tower gets bars beside it',
      size: [20, 4000],
      change: { frameLimits: qwen },
      expected: { action: 'hint', width: 28, height: 180, picture: { width: 2, height: 180 } },
    },
    {
      rule: 'a stamp gets a frame, and no hint',
      size: [8, 8],
      change: { frameLimits: qwen },
      expected: { action: 'as-is', width: 28, height: 28, picture: { width: 8, height: 8 } },
    },
    {
      rule: 'also without --auto-resize',
      size: [9, 27],
      change: { frameLimits: qwen, autoResize: false },
      expected: { action: 'as-is', width: 28, height: 28, picture: { width: 9, height: 27 } },
    },
    {
      rule: 'a ribbon that is high enough, but too long for it',
      size: [6000, 28],
      change: { frameLimits: qwen, maxResolution: 'auto', limit: 100_000 },
      expected: { action: 'as-is', width: 6000, height: 30, picture: { width: 6000, height: 28 } },
    },
    {
      rule: 'a frame with bars has even sides',
      size: [9, 175],
      change: { frameLimits: qwen },
      expected: { action: 'as-is', width: 28, height: 176, picture: { width: 9, height: 175 } },
    },
    {
      rule: 'for another model less will do',
      size: [4000, 20],
      change: { frameLimits: pixtral },
      expected: { action: 'hint', width: 320, height: 16, picture: { width: 320, height: 2 } },
    },
  ] as const)('$rule', ({ size, change, expected }) => {
    const { picture, ...rest } = expected;
    const choice = chooseHint(video(size[0], size[1]), 40, { ...rules, ...change });
    expect(choice).toMatchObject({ action: rest.action, size: { width: rest.width, height: rest.height } });
    expect(choice.size.picture).toEqual(picture);
  });

  it.each([
    { rule: 'exactly as much', size: [28, 28], change: { frameLimits: qwen } },
    { rule: 'more', size: [320, 180], change: { frameLimits: qwen } },
    { rule: 'anything', size: [8, 8], change: {} },
  ] as const)('gets no bars where the model takes $rule', ({ size, change }) => {
    const choice = chooseHint(video(size[0], size[1]), 40, { ...rules, ...change });
    expect(choice.size).toEqual({ width: size[0], height: size[1] });
  });

  it('is counted with its bars, and the largest hint with bars that fits is found', () => {
    const change = { frameLimits: qwen, maxResolution: 'auto' } as const;
    const choice = chooseHint(video(4000, 20), 40, { ...rules, ...change });
    expect(choice).toMatchObject({ action: 'hint', size: { height: 28, picture: { height: 16 } } });
    expect(choice.budget.vision).toBe(Math.trunc(choice.size.width * 28 * 2 * 0.0173));
    expect(choice.budget.vision).toBeGreaterThan(3343 * 0.99);
  });

  it('has its bars in the lower sizes too', () => {
    const planned = { width: 320, height: 28, picture: { width: 320, height: 2 } };
    expect(lowerHintSizes(video(4000, 20), planned, qwen)).toEqual([
      { width: 256, height: 28, picture: { width: 256, height: 2 } },
      { width: 192, height: 28, picture: { width: 192, height: 2 } },
    ]);
  });
});
