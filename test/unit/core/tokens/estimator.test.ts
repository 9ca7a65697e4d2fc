import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseSize, type Size } from '../../../../src/core/hints/display-size.ts';
import {
  estimatorFor,
  estimatorNamed,
  estimatorNames,
  qwenVideoTokens,
} from '../../../../src/core/tokens/estimator.ts';

const linear = estimatorNamed('linear');
const pixtral = estimatorNamed('pixtral');
const qwen = estimatorNamed('qwen2.5-vl');

describe('two frames of a common size', () => {
  it.each([
    ['256x144', 1275, 306],
    ['320x180', 1992, 504],
    ['400x225', 3114, 780],
    ['480x270', 4484, 1054],
    ['640x360', 7971, 1886],
    ['640x480', 10629, 2460],
    ['896x504', 15624, 3648],
    ['1280x704', 31178, 4680],
    ['1920x1080', 71746, 4680],
    ['1080x1920', 71746, 4736],
  ])('%s costs %i by the linear rule and %i with Pixtral', (text, byRule, withPixtral) => {
    expect(linear.visionTokens(size(text), 2)).toBe(byRule);
    expect(pixtral.visionTokens(size(text), 2)).toBe(withPixtral);
  });

  it.each([
    ['320x180', 66],
    ['640x480', 391],
    ['1280x720', 1196],
  ])('%s costs %i with Qwen2.5-VL', (text, expected) => {
    expect(qwenVideoTokens(size(text), 2)).toBe(expected);
    expect(qwen.visionTokens(size(text), 2)).toBe(2 * expected);
  });
});

describe('pixtral', () => {
  it.each([
    { rule: 'one patch is one token and the end of its row', text: '16x16', expected: 2 },
    { rule: 'one pixel more starts a new column', text: '17x16', expected: 3 },
    { rule: 'one pixel more starts a new row', text: '16x17', expected: 4 },
    { rule: '1024 px is not scaled', text: '1024x1024', expected: 65 * 64 },
    { rule: '1026 px is scaled to 1024', text: '1026x1026', expected: 65 * 64 },
    { rule: 'a tie is rounded to the even row: 176.5 px are 176', text: '2048x353', expected: 65 * 11 },
    { rule: 'a tie is rounded to the even row: 177.5 px are 178', text: '2048x355', expected: 65 * 12 },
    { rule: 'an extremely flat image keeps one row', text: '8192x2', expected: 65 },
  ])('$rule', ({ text, expected }) => expect(pixtral.visionTokens(size(text), 1)).toBe(expected));

  it('counts every frame', () => {
    expect(pixtral.visionTokens(size('320x180'), 5)).toBe(5 * 252);
  });
});

describe('qwen2.5-vl', () => {
  it.each([
    { rule: 'each side goes to the nearest multiple of 28', text: '280x300', expected: 10 * 11 },
    { rule: 'a tie goes to the even multiple below: 70 is 2.5 times 28', text: '70x560', expected: 2 * 20 },
    { rule: 'a tie goes to the even multiple above: 98 is 3.5 times 28', text: '98x560', expected: 4 * 20 },
    { rule: '56x56 is exactly the smallest area', text: '56x56', expected: 4 },
    { rule: 'below it the image is enlarged, sides rounded up', text: '32x18', expected: 3 * 2 },
    { rule: 'a very small square is enlarged to the smallest area', text: '10x10', expected: 4 },
    { rule: '3584x3584 is exactly the largest area', text: '3584x3584', expected: 128 * 128 },
    { rule: 'above it the image is shrunk, sides rounded down', text: '3600x3600', expected: 128 * 128 },
    { rule: 'a shrunk image keeps its shape', text: '7680x4320', expected: 170 * 96 },
  ])('$rule', ({ text, expected }) => expect(qwen.visionTokens(size(text), 1)).toBe(expected));

  it.each([
    [0, 0],
    [1, 66],
    [2, 66],
    [3, 132],
    [4, 132],
  ])('%i frames cost %i tokens, because two share them', (frames, expected) => {
    expect(qwenVideoTokens(size('320x180'), frames)).toBe(expected);
  });
});

describe('pixtral@llama.cpp', () => {
  const llama = estimatorNamed('pixtral@llama.cpp');

  it.each([
    { rule: 'more than 1024 patches are scaled down to them', text: '896x504', expected: 43 * 24 },
    { rule: 'whatever the shape', text: '504x896', expected: 25 * 42 },
    { rule: 'exactly 1024 patches are not', text: '512x512', expected: 33 * 32 },
    { rule: 'nor are less: 22.5 rows round up to 23', text: '640x360', expected: 41 * 23 },
    { rule: 'a row is rounded to the nearest, and not up: 11.25 are 11', text: '320x180', expected: 21 * 11 },
    { rule: 'full HD costs no more than a quarter of it', text: '1920x1080', expected: 43 * 24 },
    { rule: 'less than 8 patches are enlarged', text: '32x18', expected: 5 * 3 },
  ])('$rule', ({ text, expected }) => expect(llama.visionTokens(size(text), 1)).toBe(expected));

  it('counts what a real server counted, within the text: two frames of 896x504 were 2169 tokens', () => {
    expect(2169 - llama.visionTokens(size('896x504'), 2)).toBe(105);
  });
});

describe('qwen2.5-vl@llama.cpp', () => {
  const llama = estimatorNamed('qwen2.5-vl@llama.cpp');

  it.each([
    { rule: 'a tie goes up: 854 px are 30.5 times 28', text: '854x480', expected: 31 * 17 },
    { rule: 'everything else is as the model itself does it', text: '320x180', expected: 11 * 6 },
    { rule: 'less than 8 tokens are enlarged, sides rounded up', text: '56x56', expected: 9 },
    { rule: '8 tokens are not', text: '112x56', expected: 8 },
    { rule: '4096 tokens are the most', text: '1792x1792', expected: 4096 },
    { rule: 'above it the image is shrunk, sides rounded down', text: '3840x2160', expected: 85 * 48 },
  ])('$rule', ({ text, expected }) => expect(llama.visionTokens(size(text), 1)).toBe(expected));

  it('has 34 tokens more than the model itself for two frames of 854x480', () => {
    expect(llama.visionTokens(size('854x480'), 2) - qwen.visionTokens(size('854x480'), 2)).toBe(34);
  });
});

describe('the estimator for a server', () => {
  it.each([
    { name: 'pixtral', server: 'llama.cpp', expected: 'pixtral@llama.cpp' },
    { name: 'qwen2.5-vl', server: 'llama.cpp', expected: 'qwen2.5-vl@llama.cpp' },
    { name: 'pixtral', server: 'vllm', expected: 'pixtral' },
    { name: 'pixtral', server: null, expected: 'pixtral' },
    { name: 'linear', server: 'llama.cpp', expected: 'linear' },
    { name: 'pixtral@llama.cpp', server: 'vllm', expected: 'pixtral@llama.cpp' },
  ] as const)('of $name at $server is $expected', ({ name, server, expected }) => {
    expect(estimatorFor(name, server)).toBe(expected);
  });
});

describe.each(estimatorNames)('%s', (name) => {
  const estimator = estimatorNamed(name);

  it('is found under its own name', () => expect(estimator.name).toBe(name));

  it('is exact unless it is the rule of thumb', () => expect(estimator.isExact).toBe(name !== 'linear'));

  it('counts whole tokens, never less for one frame more', () => {
    fc.assert(
      fc.property(anySize, fc.nat(16), (frame, frames) => {
        const tokens = estimator.visionTokens(frame, frames);
        expect(Number.isSafeInteger(tokens)).toBe(true);
        expect(estimator.visionTokens(frame, frames + 1)).toBeGreaterThanOrEqual(tokens);
      }),
    );
  });

  it('never counts less for a larger frame, unless the model rescales one of them', () => {
    fc.assert(
      fc.property(anySize, fc.nat(300), fc.nat(300), (frame, wider, higher) => {
        const larger = { width: frame.width + wider, height: frame.height + higher };
        fc.pre(!estimator.isRescaled(frame) && !estimator.isRescaled(larger));
        expect(estimator.visionTokens(larger, 2)).toBeGreaterThanOrEqual(estimator.visionTokens(frame, 2));
      }),
    );
  });
});

const anySize = fc.record({
  width: fc.integer({ min: 2, max: 4000 }),
  height: fc.integer({ min: 2, max: 4000 }),
});

function size(text: string): Size {
  const parsed = parseSize(text);
  if (!parsed) throw new Error(`not a size: ${text}`);
  return parsed;
}
