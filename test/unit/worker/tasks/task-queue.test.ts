import { beforeEach, describe, expect, it } from 'vitest';
import type { Manifest, ManifestTask } from '../../../../src/protocol/manifest.ts';
import { WorkBook } from '../../../../src/worker/tasks/task-queue.ts';
import { sampleEngine, sampleTask } from '../../../support/sample-work.ts';

let book: WorkBook;

beforeEach(() => {
  book = new WorkBook();
});

const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name) => sampleTask(name)) as [
  ManifestTask,
  ManifestTask,
  ManifestTask,
  ManifestTask,
];

function manifest(...batches: ManifestTask[][]): Manifest {
  return {
    version: 1,
    kind: 'upsample',
    run_id: 'run-1',
    worker_id: 0,
    engine: sampleEngine(null),
    batches: batches.map((tasks, at) => ({ batch_id: at, tasks })),
  };
}

function takeAll(): string[] {
  const names: string[] = [];
  for (let task = book.next(); task; task = book.next()) names.push(task.name);
  return names;
}

const nothing = new Map<string, 'ok' | 'failed'>();

describe('WorkBook', () => {
  it('gives tasks in the order of the manifests', () => {
    book.add(manifest([a, b], [c]), nothing);
    book.add(manifest([d]), nothing);
    expect(takeAll()).toEqual(['a', 'b', 'c', 'd']);
  });

  it('leaves out what has a result, good or bad', () => {
    const finished = new Map<string, 'ok' | 'failed'>([
      [a.task_key, 'ok'],
      [b.task_key, 'failed'],
    ]);
    expect(book.add(manifest([a, b, c]), finished)).toBe(1);
    expect(takeAll()).toEqual(['c']);
    expect(book.counts()).toMatchObject({ totalTasks: 3, okTasks: 1, failedTasks: 1 });
  });

  it('takes a key for one task, however often it comes', () => {
    expect(book.add(manifest([a, a], [a, b]), nothing)).toBe(2);
    expect(book.add(manifest([a, b]), nothing)).toBe(0);
    expect(takeAll()).toEqual(['a', 'b']);
    expect(book.add(manifest([a, b]), nothing)).toBe(0);
    expect(book.counts().totalTasks).toBe(2);
  });

  it('does again what was finished and has no result any more', () => {
    book.add(manifest([a]), nothing);
    takeAll();
    book.finish(a.task_key, 'failed');
    expect(book.counts()).toMatchObject({ failedTasks: 1, completedBatches: 1 });
    expect(book.add(manifest([a]), nothing)).toBe(1);
    expect(book.counts()).toMatchObject({ failedTasks: 0, completedBatches: 0 });
    expect(takeAll()).toEqual(['a']);
  });

  it('gives back tasks to the front, in their first order', () => {
    book.add(manifest([a, b, c, d]), nothing);
    for (const _ of [a, b, c]) book.next();
    for (const task of [c, a]) book.giveBack(task.task_key);
    expect(takeAll()).toEqual(['a', 'c', 'd']);
    expect(book.hasWaiting).toBe(false);
  });

  it('a batch is complete when all its tasks are, also those it shares', () => {
    book.add(manifest([a, b], [b, c]), nothing);
    takeAll();
    const completed = [a, b, c].map((task) => {
      book.finish(task.task_key, 'ok');
      return book.counts().completedBatches;
    });
    expect(completed).toEqual([0, 1, 2]);
    expect(book.counts().totalBatches).toBe(2);
  });
});
