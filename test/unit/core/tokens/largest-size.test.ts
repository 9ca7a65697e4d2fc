import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  anySize,
  type DisplaySize,
  displaySize,
  fitInside,
  formatSize,
  type Size,
} from '../../../../src/core/hints/display-size.ts';
import {
  budgetOf,
  largestSizeThatFits,
  minLongerSidePx,
  type TokenRequest,
} from '../../../../src/core/tokens/budget.ts';
import { type EstimatorName, estimatorNamed, estimatorNames } from '../../../../src/core/tokens/estimator.ts';

type Rest = Omit<TokenRequest, 'size'>;

const usual: Rest = { estimator: 'pixtral', frames: 2, textTokens: 41, outputReserved: 300, limit: 4096 };

describe('the largest size that fits', () => {
  it.each([
    {
      rule: 'linear allows little more than 320x180',
      estimator: 'linear',
      width: 1920,
      height: 1080,
      expected: '414x232',
    },
    {
      rule: 'pixtral allows much more',
      estimator: 'pixtral',
      width: 1920,
      height: 1080,
      expected: '912x512',
    },
    {
      rule: 'portrait keeps its shape',
      estimator: 'pixtral',
      width: 1080,
      height: 1920,
      expected: '504x896',
    },
    {
      rule: 'qwen sees a little less than full HD',
      estimator: 'qwen2.5-vl',
      width: 1920,
      height: 1080,
      expected: '1620x910',
    },
    {
      rule: 'a small video stays as it is',
      estimator: 'pixtral',
      width: 320,
      height: 240,
      expected: '320x240',
    },
    { rule: 'odd sides become even', estimator: 'pixtral', width: 321, height: 241, expected: '320x240' },
    { rule: 'a tiny video stays as it is', estimator: 'pixtral', width: 20, height: 10, expected: '20x10' },
  ] as const)('$rule', ({ estimator, width, height, expected }) => {
    const size = largestSizeThatFits({ width, height }, { ...usual, estimator });
    expect(size && formatSize(size)).toBe(expected);
  });

  it.each(estimatorNames)('is none when the text alone is too long: %s', (estimator) => {
    expect(
      largestSizeThatFits({ width: 640, height: 360 }, { ...usual, estimator, textTokens: 4096 }),
    ).toBeNull();
  });

  it('is none when not even the smallest size offered fits', () => {
    const tight = { ...usual, estimator: 'linear', textTokens: 0, outputReserved: 0 } as const;
    const limit = 23;
    expect(budgetOf({ ...tight, limit, size: { width: 30, height: 16 } }).fits).toBe(true);
    expect(largestSizeThatFits({ width: 640, height: 360 }, { ...tight, limit })).toBeNull();
  });

  it.each(estimatorNames)('is what trying every size finds: %s', (estimator) => {
    fc.assert(
      fc.property(anyDisplay, anyRest(estimator), (display, rest) => {
        expect(largestSizeThatFits(display, rest)).toEqual(largestByTrying(display, rest));
      }),
      { numRuns: 300 },
    );
  });

  it('is what trying every size finds inside a box too, with pixels of any shape', () => {
    fc.assert(
      fc.property(anyShape, anyDisplay, anyRest('pixtral'), (display, box, rest) => {
        expect(largestSizeThatFits(display, rest, box)).toEqual(largestByTrying(display, rest, box));
      }),
      { numRuns: 300 },
    );
  });

  it.each(estimatorNames)('is true too of ribbons, which get bars: %s', (estimator) => {
    const { frameLimits } = estimatorNamed(estimator);
    fc.assert(
      fc.property(anyRibbon, anyRest(estimator), (display, rest) => {
        const request = { ...rest, frameLimits };
        expect(largestSizeThatFits(display, request)).toEqual(largestByTrying(display, request));
      }),
      { numRuns: 100 },
    );
  });

  it.each(estimatorNames)('is true too where the model rescales: %s', (estimator) => {
    fc.assert(
      fc.property(hugeDisplay, anyRest(estimator, 40_000), (display, rest) => {
        expect(largestSizeThatFits(display, rest)).toEqual(largestByTrying(display, rest));
      }),
      { numRuns: 40 },
    );
  });
});

const anyDisplay = fc.record({
  width: fc.integer({ min: 2, max: 1500 }),
  height: fc.integer({ min: 2, max: 1500 }),
});
const anyRibbon = fc.record({
  width: fc.integer({ min: 200, max: 4000 }),
  height: fc.integer({ min: 2, max: 60 }),
});
const anyTerm = fc.integer({ min: 1, max: 40 });
const anyShape = fc
  .tuple(anyDisplay, anyTerm, anyTerm)
  .map(([size, numerator, denominator]) =>
    displaySize({ ...size, sampleAspect: { numerator, denominator }, rotationDegrees: 0 }),
  )
  .filter(({ width, height }) => Math.max(width, height) <= 3000);
const hugeDisplay = fc.record({
  width: fc.integer({ min: 900, max: 5000 }),
  height: fc.integer({ min: 900, max: 5000 }),
});

function anyRest(estimator: EstimatorName, maxLimit = 6000): fc.Arbitrary<Rest> {
  return fc.record({
    estimator: fc.constant(estimator),
    frames: fc.integer({ min: 1, max: 6 }),
    textTokens: fc.nat(200),
    outputReserved: fc.constant(0),
    limit: fc.integer({ min: 10, max: maxLimit }),
  });
}

/** The answer by definition: the largest of all sizes that `fitInside` can give for this video. */
function largestByTrying(display: DisplaySize, rest: Rest, box: Size = anySize): Size | null {
  const own = fitInside(display, box);
  const smallest = Math.min(minLongerSidePx, Math.max(own.width, own.height));
  const candidates: Size[] = [];
  for (let side = 2; side <= Math.max(own.width, own.height); side += 2) {
    candidates.push(fitInside(display, { ...box, width: Math.min(box.width, side) }));
    candidates.push(fitInside(display, { ...box, height: Math.min(box.height, side) }));
  }
  let best: Size | null = null;
  for (const size of candidates) {
    if (Math.max(size.width, size.height) < smallest || !budgetOf({ ...rest, size }).fits) continue;
    if (!best || size.width * size.height > best.width * best.height) best = size;
  }
  return best;
}
