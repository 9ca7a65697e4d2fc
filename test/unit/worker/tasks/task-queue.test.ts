import { beforeEach, describe, expect, it } from 'vitest';
import type { Manifest, ManifestTask } from '../../../../src/protocol/manifest.ts';
import { TaskQueue } from '../../../../src/worker/tasks/task-queue.ts';
import { sampleEngine, sampleTask } from '../../../support/sample-work.ts';

let queue: TaskQueue;

beforeEach(() => {
  queue = new TaskQueue();
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
  for (let task = queue.next(); task; task = queue.next()) names.push(task.name);
  return names;
}

const nothing = new Map<string, 'ok' | 'failed'>();

describe('TaskQueue', () => {
  it('gives tasks in the order of the manifests', () => {
    queue.add(manifest([a, b], [c]), nothing);
    queue.add(manifest([d]), nothing);
    expect(takeAll()).toEqual(['a', 'b', 'c', 'd']);
  });

  it('leaves out what has a result, good or bad', () => {
    const finished = new Map<string, 'ok' | 'failed'>([
      [a.task_key, 'ok'],
      [b.task_key, 'failed'],
    ]);
    expect(queue.add(manifest([a, b, c]), finished)).toBe(1);
    expect(takeAll()).toEqual(['c']);
    expect(queue.counts()).toMatchObject({ totalTasks: 3, okTasks: 1, failedTasks: 1 });
  });

  it('takes a key for one task, however often it comes', () => {
    expect(queue.add(manifest([a, a], [a, b]), nothing)).toBe(2);
    expect(queue.add(manifest([a, b]), nothing)).toBe(0);
    expect(takeAll()).toEqual(['a', 'b']);
    expect(queue.add(manifest([a, b]), nothing)).toBe(0);
    expect(queue.counts().totalTasks).toBe(2);
  });

  it('does again what was finished and has no result any more', () => {
    queue.add(manifest([a]), nothing);
    takeAll();
    queue.finish(a.task_key, 'failed');
    expect(queue.counts()).toMatchObject({ failedTasks: 1, completedBatches: 1 });
    expect(queue.add(manifest([a]), nothing)).toBe(1);
    expect(queue.counts()).toMatchObject({ failedTasks: 0, completedBatches: 0 });
    expect(takeAll()).toEqual(['a']);
  });

  it('gives back tasks to the front, in their first order', () => {
    queue.add(manifest([a, b, c, d]), nothing);
    for (const _ of [a, b, c]) queue.next();
    for (const task of [c, a]) queue.giveBack(task.task_key);
    expect(takeAll()).toEqual(['a', 'c', 'd']);
    expect(queue.hasWaiting).toBe(false);
  });

  it('a batch is complete when all its tasks are, also those it shares', () => {
    queue.add(manifest([a, b], [b, c]), nothing);
    takeAll();
    const completed = [a, b, c].map((task) => {
      queue.finish(task.task_key, 'ok');
      return queue.counts().completedBatches;
    });
    expect(completed).toEqual([0, 1, 2]);
    expect(queue.counts().totalBatches).toBe(2);
  });
});
