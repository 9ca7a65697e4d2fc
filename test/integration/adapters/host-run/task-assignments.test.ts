import { describe, expect, it } from 'vitest';
import { LocalFileStore } from '../../../../src/adapters/files/local-file-store.ts';
import { outlineManifests, TaskAssignments } from '../../../../src/adapters/host-run/task-assignments.ts';
import { layout } from '../../../../src/protocol/layout.ts';
import type { Manifest, ManifestTask } from '../../../../src/protocol/manifest.ts';
import { sampleEngine, sampleTasks } from '../../../support/sample-work.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

const engine = sampleEngine(null);
const tasks = sampleTasks(6);

describe('HandedOver', () => {
  it('leaves tasks with the worker that has them, and needs no second manifest for them', () => {
    const handedOver = new TaskAssignments(2);
    const [first] = handedOver.divide({ batch_id: 0, tasks: tasks.slice(0, 4) }, engine).parts;
    expect(first?.workerId).toBe(0);
    if (first) handedOver.assign(first, engine);
    const again = handedOver.divide({ batch_id: 0, tasks }, engine);
    expect(again.held).toMatchObject([{ workerId: 0, index: 0 }]);
    expect(again.parts).toMatchObject([{ workerId: 1, batch: { tasks: tasks.slice(4) } }]);
  });

  it('hands tasks over anew, to the same worker, when another engine is to do them', () => {
    const handedOver = new TaskAssignments(2);
    give(handedOver, tasks);
    const other = handedOver.divide({ batch_id: 0, tasks }, { ...engine, model: 'another' });
    expect(other).toMatchObject({ held: [], parts: [{ workerId: 0, batch: { batch_id: 0 } }] });
    expect(other.parts[0]?.batch.attempt).toBeUndefined();
  });

  it('gives what a dead worker had to another one, as the next attempt', () => {
    const handedOver = new TaskAssignments(2);
    give(handedOver, tasks);
    handedOver.markDead(0);
    const { parts, held } = handedOver.divide({ batch_id: 0, tasks }, engine);
    expect(held).toEqual([]);
    expect(parts).toMatchObject([{ workerId: 1, batch: { attempt: 2 } }]);
  });

  it.each([
    { what: 'all of a manifest', moved: 6, left: [] },
    { what: 'a part of a manifest', moved: 2, left: [[2, 3, 4, 5]] },
  ])('takes $what away from its first worker when a crash left both', async ({ moved, left }) => {
    const files = new LocalFileStore(await temporaryFolder());
    await files.publish(layout.manifest(0, 0), JSON.stringify(manifest(0, tasks)));
    await files.publish(layout.manifest(1, 0), JSON.stringify(manifest(1, tasks.slice(0, moved), 2)));
    const handedOver = await TaskAssignments.read(files, 2);
    const found = await outlineManifests(files, 0);
    const indexes = found.map((filed) => filed.tasks.map(({ taskKey }) => indexOf(taskKey)));
    expect(indexes).toEqual(left);
    const { held } = handedOver.divide({ batch_id: 0, tasks: tasks.slice(0, moved) }, engine);
    expect(held).toMatchObject([{ workerId: 1, index: 0 }]);
  });
});

function give(handedOver: TaskAssignments, given: readonly ManifestTask[]): void {
  for (const part of handedOver.divide({ batch_id: 0, tasks: [...given] }, engine).parts)
    handedOver.assign(part, engine);
}

function manifest(workerId: number, given: readonly ManifestTask[], attempt?: number): Manifest {
  const batch = { batch_id: 0, ...(attempt === undefined ? {} : { attempt }), tasks: [...given] };
  return { version: 1, kind: 'upsample', run_id: 'run-1', worker_id: workerId, engine, batches: [batch] };
}

function indexOf(taskKey: string): number {
  return tasks.findIndex((task) => task.task_key === taskKey);
}
