import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BatchLimits, TaskSize } from '../../../../src/core/batches/batch.ts';
import { fewestBatches, groupBatches } from '../../../../src/core/batches/group-batches.ts';

describe('grouping', () => {
  it.each([
    { rule: 'no tasks give no batch', sizes: [], maxTasks: 10, maxTokens: 100, expected: [] },
    { rule: 'one task gives one batch', sizes: [5], maxTasks: 10, maxTokens: 100, expected: [[0]] },
    {
      rule: 'equal tasks are cut into chunks in the order of the input',
      sizes: [10, 10, 10, 10, 10],
      maxTasks: 2,
      maxTokens: 100,
      expected: [[0, 1], [2, 3], [4]],
    },
    {
      rule: 'both bounds are inclusive',
      sizes: [50, 50, 30, 30, 40],
      maxTasks: 3,
      maxTokens: 100,
      expected: [
        [0, 1],
        [2, 3, 4],
      ],
    },
    {
      rule: 'a task over the bound has a batch of its own, at its place',
      sizes: [10, 500, 10, 10],
      maxTasks: 10,
      maxTokens: 100,
      expected: [[0, 2, 3], [1]],
    },
    {
      rule: 'tasks without tokens count as tasks',
      sizes: [0, 0, 0, 0],
      maxTasks: 3,
      maxTokens: 100,
      expected: [[0, 1, 2], [3]],
    },
    {
      rule: 'large and small tasks share batches where that saves one',
      sizes: [60, 60, 60, 40, 40, 40],
      maxTasks: 2,
      maxTokens: 100,
      expected: [
        [0, 3],
        [1, 4],
        [2, 5],
      ],
    },
    {
      rule: 'small tasks are spread where first-fit would fill a batch with them',
      sizes: [20, 50, 60, 10, 40, 10],
      maxTasks: 3,
      maxTokens: 100,
      expected: [
        [0, 2, 3],
        [1, 4, 5],
      ],
    },
  ])('$rule', ({ sizes, maxTasks, maxTokens, expected }) => {
    const batches = groupBatches(tasksOf(sizes), { maxTasks, maxTokens });
    expect(batches.map((batch) => batch.taskIds)).toEqual(expected);
  });

  it('keeps the ids it was given and sums their tokens', () => {
    const tasks = [
      { id: 42, tokens: 30 },
      { id: 7, tokens: 20 },
      { id: 9, tokens: 60 },
    ];
    expect(groupBatches(tasks, { maxTasks: 2, maxTokens: 100 })).toEqual([
      { batchId: 0, totalTokens: 50, taskIds: [42, 7] },
      { batchId: 1, totalTokens: 60, taskIds: [9] },
    ]);
  });
});

describe('any input', () => {
  it('has every task in one batch, and no batch over a bound unless a task alone is', () => {
    fc.assert(
      fc.property(anySizes, anyLimits, (sizes, limits) => {
        const batches = groupBatches(tasksOf(sizes), limits);
        const ids = batches.flatMap((batch) => batch.taskIds);
        expect(ids.toSorted((a, b) => a - b)).toEqual(sizes.map((_, index) => index));
        for (const [index, batch] of batches.entries()) {
          expect(batch.batchId).toBe(index);
          expect(batch.totalTokens).toBe(batch.taskIds.reduce((sum, id) => sum + (sizes[id] ?? 0), 0));
          expect(batch.taskIds.length).toBeLessThanOrEqual(limits.maxTasks);
          if (batch.taskIds.length > 1) expect(batch.totalTokens).toBeLessThanOrEqual(limits.maxTokens);
        }
      }),
    );
  });

  it('gives batches in the order of their first tasks, and tasks in the order of the input', () => {
    fc.assert(
      fc.property(anySizes, anyLimits, (sizes, limits) => {
        const batches = groupBatches(tasksOf(sizes), limits);
        const firsts = batches.map((batch) => batch.taskIds[0] ?? -1);
        expect(firsts).toEqual(firsts.toSorted((a, b) => a - b));
        for (const { taskIds } of batches) expect(taskIds).toEqual(taskIds.toSorted((a, b) => a - b));
      }),
    );
  });

  it('of equal tasks is cut into chunks', () => {
    fc.assert(
      fc.property(fc.nat(100), fc.integer({ min: 1, max: 60 }), anyLimits, (count, tokens, limits) => {
        const perBatch = Math.max(1, Math.min(limits.maxTasks, Math.floor(limits.maxTokens / tokens)));
        const batches = groupBatches(tasksOf(Array<number>(count).fill(tokens)), limits);
        expect(batches.flatMap((batch) => batch.taskIds)).toEqual([...Array(count).keys()]);
        expect(batches.length).toBe(Math.ceil(count / perBatch));
      }),
    );
  });

  it('never needs more batches than the order of the input would', () => {
    fc.assert(
      fc.property(anySizes, anyLimits, (sizes, limits) => {
        expect(groupBatches(tasksOf(sizes), limits).length).toBeLessThanOrEqual(chunkCount(sizes, limits));
      }),
    );
  });
});

describe('the number of batches', () => {
  it('is at most one over the true minimum of small inputs, and the minimum in 19 of 20', () => {
    let inputs = 0;
    let minimal = 0;
    fc.assert(
      fc.property(smallSizes, smallLimits, (sizes, limits) => {
        const count = groupBatches(tasksOf(sizes), limits).length;
        const minimum = minimumByTrying(sizes, limits);
        expect(minimum).toBeGreaterThanOrEqual(fewestBatches(sizes, limits));
        expect(count).toBeGreaterThanOrEqual(minimum);
        expect(count).toBeLessThanOrEqual(minimum + 1);
        inputs++;
        if (count === minimum) minimal++;
      }),
      { numRuns: 500 },
    );
    expect(minimal / inputs).toBeGreaterThan(0.95);
  });

  it.each([
    {
      rule: 'prompts of usual lengths',
      limits: { maxTasks: 10, maxTokens: 30_000 },
      smallest: 2300,
      largest: 2700,
    },
    { rule: 'tokens bind', limits: { maxTasks: 1000, maxTokens: 32_768 }, smallest: 300, largest: 6000 },
    { rule: 'tasks bind', limits: { maxTasks: 8, maxTokens: 32_768 }, smallest: 300, largest: 3000 },
    { rule: 'both bind', limits: { maxTasks: 10, maxTokens: 32_768 }, smallest: 300, largest: 6200 },
    {
      rule: 'few tasks fit a batch',
      limits: { maxTasks: 10, maxTokens: 10_000 },
      smallest: 300,
      largest: 4096,
    },
  ])('of 2000 tasks is within 2 % of the lower bound where $rule', ({ limits, smallest, largest }) => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: smallest, max: largest }), { minLength: 2000, maxLength: 2000 }),
        (sizes) => {
          const fewest = fewestBatches(sizes, limits);
          expect(groupBatches(tasksOf(sizes), limits).length).toBeLessThanOrEqual(fewest * 1.02 + 1);
        },
      ),
      { numRuns: 5 },
    );
  });

  it('is as good for 100,000 tasks, which anything quadratic would not finish', () => {
    const sizes = Array.from({ length: 100_000 }, (_, index) => 300 + ((index * 7919) % 5801));
    const limits = { maxTasks: 10, maxTokens: 32_768 };
    const batches = groupBatches(tasksOf(sizes), limits);
    expect(batches.length).toBeLessThanOrEqual(fewestBatches(sizes, limits) * 1.01);
  });
});

const anySizes = fc.array(fc.nat(70), { maxLength: 80 });
const anyLimits = fc.record({
  maxTasks: fc.integer({ min: 1, max: 12 }),
  maxTokens: fc.integer({ min: 1, max: 120 }),
});
const smallSizes = fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 9 });
const smallLimits = fc.record({
  maxTasks: fc.integer({ min: 1, max: 5 }),
  maxTokens: fc.integer({ min: 30, max: 60 }),
});

function tasksOf(sizes: readonly number[]): TaskSize[] {
  return sizes.map((tokens, id) => ({ id, tokens }));
}

function chunkCount(sizes: readonly number[], limits: BatchLimits): number {
  let count = 0;
  let tasks = limits.maxTasks;
  let tokens = 0;
  for (const size of sizes) {
    const isNew = tasks === limits.maxTasks || tokens + size > limits.maxTokens;
    if (isNew) count++;
    tasks = isNew ? 1 : tasks + 1;
    tokens = isNew ? size : tokens + size;
  }
  return count;
}

/** The true minimum: every task is tried in every batch opened so far and in a new one. */
function minimumByTrying(sizes: readonly number[], limits: BatchLimits): number {
  let best = sizes.length;
  const batches: { tasks: number; tokens: number }[] = [];
  const place = (at: number): void => {
    if (batches.length >= best) return;
    const size = sizes[at];
    if (size === undefined) {
      best = batches.length;
      return;
    }
    for (const batch of batches) {
      if (batch.tasks === limits.maxTasks || batch.tokens + size > limits.maxTokens) continue;
      batch.tasks++;
      batch.tokens += size;
      place(at + 1);
      batch.tasks--;
      batch.tokens -= size;
    }
    batches.push({ tasks: 1, tokens: size });
    place(at + 1);
    batches.pop();
  };
  place(0);
  return best;
}
