import { describe, expect, it } from 'vitest';
import type { Size } from '../../../../src/core/hints/display-size.ts';
import { type EstimatorName, estimatorNamed } from '../../../../src/core/tokens/estimator.ts';
import {
  countingEstimator,
  maxTestsOfShape,
  type ShapeLimit,
  type SizeTest,
  searchLargest,
  shapes,
} from '../../../../src/core/tokens/size-limits.ts';

const request = {
  estimator: 'pixtral' as EstimatorName,
  frames: 2,
  textTokens: 12,
  outputReserved: 300,
  limit: 4096,
};

type Count = (size: Size) => number;

const pixtral: Count = (size) => estimatorNamed('pixtral').visionTokens(size, 2) + 9;

/** Looks for all shapes on a server that counts so. */
function measure(count: Count, change: Partial<typeof request> = {}) {
  const asked = { ...request, ...change };
  const tests: SizeTest[] = [];
  const found: (ShapeLimit & { readonly requests: number })[] = [];
  for (const shape of shapes) {
    const search = searchLargest(shape, asked, tests);
    const before = tests.length;
    let next = search.next();
    while (!next.done) {
      const promptTokens = count(next.value);
      const isSafe = promptTokens + asked.outputReserved <= asked.limit;
      const test = { size: next.value, promptTokens: isSafe ? promptTokens : null, isSafe };
      tests.push(test);
      next = search.next(test);
    }
    found.push({ ...next.value, requests: tests.length - before });
  }
  return { found, tests };
}

/** The largest size of each shape that is safe, by trying all. */
function trueLargest(count: Count, { outputReserved, limit } = request): (Size | null)[] {
  return shapes.map(({ step }) => {
    const steps = Math.floor(4096 / Math.max(step.width, step.height));
    let largest: Size | null = null;
    for (let at = 1; at <= steps; at++) {
      const size = { width: step.width * at, height: step.height * at };
      if (count(size) + outputReserved <= limit) largest = size;
    }
    return largest;
  });
}

describe('the largest size of each shape', () => {
  it('takes three requests where the estimator is right: its boundary, and a step to each side', () => {
    const { found, tests } = measure(pixtral);
    expect(found.map(({ largest }) => largest)).toEqual([
      { width: 896, height: 504 },
      { width: 784, height: 588 },
      { width: 688, height: 688 },
      { width: 504, height: 896 },
    ]);
    expect(found.map(({ requests }) => requests)).toEqual([3, 3, 3, 3]);
    expect(tests.slice(0, 3).map(({ size }) => size.width)).toEqual([896, 864, 928]);
    expect(found.every(({ isRefusedAbove }) => isRefusedAbove)).toBe(true);
  });

  it('is found from the rule of thumb: two answers show which estimator counts as the server does', () => {
    const { found, tests } = measure(pixtral, { estimator: 'linear' });
    expect(found[0]).toMatchObject({ largest: { width: 896, height: 504 }, requests: 4 });
    expect(found.slice(1).map(({ requests }) => requests)).toEqual([3, 3, 3]);
    expect(countingEstimator(tests, 2, 'linear')).toEqual({ estimator: 'pixtral', textTokens: 9 });
  });

  it('ends where the model scales pictures down, though the context has room', () => {
    const { found } = measure(pixtral, { limit: 32_768 });
    expect(found[0]).toMatchObject({ largest: { width: 1024, height: 576 }, isRefusedAbove: false });
    expect(Math.max(...found.map(({ requests }) => requests))).toBeLessThanOrEqual(3);
  });

  it('is none where not even the smallest is taken', () => {
    const { found } = measure(() => 5000);
    expect(found[0]).toMatchObject({ largest: null, isRefusedAbove: true });
  });

  it.each([
    { rule: 'far below the estimate', perPixel: 0.0005 },
    { rule: 'a little above it', perPixel: 0.0048 },
    { rule: 'far above it', perPixel: 0.2 },
    { rule: 'so cheap that all fit', perPixel: 0.00001 },
  ])('is found by doubling and bisection on a server that no estimator knows: $rule', ({ perPixel }) => {
    const count: Count = ({ width, height }) => Math.ceil(width * height * 2 * perPixel) + 40;
    for (const estimator of ['linear', 'pixtral', 'qwen2.5-vl'] as const) {
      const { found } = measure(count, { estimator });
      const all = trueLargest(count);
      for (const [index, { largest, requests }] of found.entries()) {
        expect(requests).toBeLessThanOrEqual(maxTestsOfShape);
        // What the model is taken to scale down is not tried.
        if (estimator === 'linear') expect(largest).toEqual(all[index]);
      }
    }
  });

  it('is that of trying every size, for each estimator as the server and each as the guess', () => {
    const names = ['pixtral', 'pixtral@llama.cpp', 'qwen2.5-vl', 'qwen2.5-vl@llama.cpp'] as const;
    for (const server of names)
      for (const estimator of ['linear', ...names] as const)
        for (const limit of [1024, 2048, 4096]) {
          const counting = estimatorNamed(server);
          const count: Count = (size) => counting.visionTokens(size, 2) + 57;
          const { found } = measure(count, { estimator, limit });
          for (const [index, { largest, requests }] of found.entries()) {
            expect(requests).toBeLessThanOrEqual(maxTestsOfShape);
            if (largest === null) throw new Error('a small one is safe');
            expect(count(largest) + 300).toBeLessThanOrEqual(limit);
            const { step } = shapes[index] ?? { step: { width: 0, height: 0 } };
            const next = { width: largest.width + step.width, height: largest.height + step.height };
            if (!counting.isRescaled(next)) expect(count(next) + 300).toBeGreaterThan(limit);
          }
        }
  });
});

describe('which estimator counts as a server does', () => {
  const test = (width: number, height: number, promptTokens: number | null): SizeTest => ({
    size: { width, height },
    promptTokens,
    isSafe: promptTokens !== null,
  });

  it.each([
    { rule: 'one answer tells nothing', tests: [test(320, 180, 513)] },
    { rule: 'nor do two of one size', tests: [test(320, 180, 513), test(320, 180, 513)] },
    { rule: 'refusals are no answers', tests: [test(320, 180, 513), test(960, 540, null)] },
    { rule: 'differences must be one', tests: [test(320, 180, 513), test(640, 360, 1896)] },
    { rule: 'and not below nothing', tests: [test(320, 180, 500), test(640, 360, 1882)] },
  ])('$rule', ({ tests }) => {
    expect(countingEstimator(tests, 2, 'pixtral')).toBeNull();
  });

  it('is told by what was measured with real videos', () => {
    const tests = [test(960, 540, 4157), test(1280, 720, 4689)];
    expect(countingEstimator(tests, 2, 'linear')).toEqual({ estimator: 'pixtral', textTokens: 9 });
  });
});
