import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fillBatches, type TaskSize } from '../../../../src/core/batches/fill-batches.ts';

describe('filling batches', () => {
  it.each([
    { rule: 'no tasks give no batch', sizes: [], maxTasks: 10, maxTokens: 100, expected: [] },
    { rule: 'one task gives one batch', sizes: [5], maxTasks: 10, maxTokens: 100, expected: [[0]] },
    {
      rule: 'a full batch is closed',
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
      rule: 'a task that does not fit closes a batch, also where a later one would fit',
      sizes: [60, 60, 40],
      maxTasks: 10,
      maxTokens: 100,
      expected: [[0], [1, 2]],
    },
    {
      rule: 'a task over the bound has a batch of its own, at its place',
      sizes: [10, 500, 10, 10],
      maxTasks: 10,
      maxTokens: 100,
      expected: [[0], [1], [2, 3]],
    },
    {
      rule: 'tasks without tokens count as tasks',
      sizes: [0, 0, 0, 0],
      maxTasks: 3,
      maxTokens: 100,
      expected: [[0, 1, 2], [3]],
    },
  ])('$rule', ({ sizes, maxTasks, maxTokens, expected }) => {
    const batches = fillBatches(tasksOf(sizes), { maxTasks, maxTokens });
    expect(batches.map((batch) => batch.taskIds)).toEqual(expected);
  });

  it('keeps the ids it was given and sums their tokens', () => {
    const tasks = [
      { id: 42, tokens: 30 },
      { id: 7, tokens: 20 },
      { id: 9, tokens: 60 },
    ];
    expect(fillBatches(tasks, { maxTasks: 2, maxTokens: 100 })).toEqual([
      { batchId: 0, totalTokens: 50, taskIds: [42, 7] },
      { batchId: 1, totalTokens: 60, taskIds: [9] },
    ]);
  });
});

describe('any input', () => {
  it('has every task in exactly one batch, in the order of the input', () => {
    fc.assert(
      fc.property(anySizes, anyLimits, (sizes, limits) => {
        const batches = fillBatches(tasksOf(sizes), limits);
        expect(batches.map((batch) => batch.batchId)).toEqual([...batches.keys()]);
        expect(batches.flatMap((batch) => batch.taskIds)).toEqual([...sizes.keys()]);
      }),
    );
  });

  it('has no batch over a bound unless a task alone is', () => {
    fc.assert(
      fc.property(anySizes, anyLimits, (sizes, limits) => {
        for (const batch of fillBatches(tasksOf(sizes), limits)) {
          expect(batch.totalTokens).toBe(batch.taskIds.reduce((sum, id) => sum + (sizes[id] ?? 0), 0));
          expect(batch.taskIds.length).toBeLessThanOrEqual(limits.maxTasks);
          if (batch.taskIds.length > 1) expect(batch.totalTokens).toBeLessThanOrEqual(limits.maxTokens);
        }
      }),
    );
  });

  it('has no batch that the first task of the next one would have fitted', () => {
    fc.assert(
      fc.property(anySizes, anyLimits, (sizes, limits) => {
        const batches = fillBatches(tasksOf(sizes), limits);
        for (const [index, batch] of batches.slice(0, -1).entries()) {
          const next = sizes[batches[index + 1]?.taskIds[0] ?? -1] ?? 0;
          const isFull = batch.taskIds.length === limits.maxTasks;
          expect(isFull || batch.totalTokens + next > limits.maxTokens).toBe(true);
        }
      }),
    );
  });
});

const anySizes = fc.array(fc.nat(70), { maxLength: 80 });
const anyLimits = fc.record({
  maxTasks: fc.integer({ min: 1, max: 12 }),
  maxTokens: fc.integer({ min: 1, max: 120 }),
});

function tasksOf(sizes: readonly number[]): TaskSize[] {
  return sizes.map((tokens, id) => ({ id, tokens }));
}
