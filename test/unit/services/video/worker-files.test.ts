import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { publishFile } from '../../../../src/adapters/files/publish-file.ts';
import { VideoRunState } from '../../../../src/core/video/video-run-state.ts';
import { partialObserver } from '../../../../src/output/progress/observers.ts';
import type { VideoObserver } from '../../../../src/ports/run-observer.ts';
import type { LaneStatus } from '../../../../src/protocol/worker-status.ts';
import { publishPlanFiles, WorkerStatusFiles } from '../../../../src/services/video/worker-files.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import {
  finishedSegment,
  sampleUpscaleCheckpoint,
  sampleUpscalePlan,
} from '../../../support/sample-upscale-plan.ts';
import { workerStatus } from '../../../support/sample-worker-status.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

describe('publishPlanFiles', () => {
  it('writes the manifests of 300 frames for 6 workers', async () => {
    const folder = await temporaryFolder();
    await publishPlanFiles(
      { publish: (name, chunks) => publishFile(join(folder, name), chunks) },
      sampleUpscalePlan(),
    );
    const manifests = [0, 1, 2, 3, 4, 5].map((worker) =>
      readFileSync(join(folder, `worker_${worker}_manifest.txt`), 'utf8'),
    );
    expect(manifests.map((text) => text.match(/^batch_/gm)?.length)).toEqual([7, 7, 6, 6, 6, 6]);
    expect(manifests[1]).toContain('\nbatch_37,frame_000297,frame_000298,frame_000299,frame_000300\n');
    const plan = JSON.parse(readFileSync(join(folder, 'parallel_processing_plan.json'), 'utf8'));
    expect(plan.stats).toMatchObject({ total_frames: 300, unique_frames: 300, duplicates: 0 });
    expect(readdirSync(folder)).toHaveLength(7);
  });
});

describe('WorkerStatusFiles', () => {
  it('writes at once, then at most every two seconds, and the end', async () => {
    const { files, statuses, writes, clock } = await rig();
    const watched = files.observer;
    await vi.advanceTimersByTimeAsync(0);
    expect(statuses().map(({ total_batches: total }) => total)).toEqual([7, 7, 6, 6, 6, 6]);
    expect(statuses()[0]).toMatchObject({ worker_id: 0, status: 'idle', completed_batches: 0, version: 1 });
    const before = writes();
    await clock.advance(10_000);
    for (let done = 1; done <= 3; done++) {
      watched.onWorkerStatus(workerStatus({ lanes: [laneOf(0, done), laneOf(1, 0)] }));
    }
    expect(writes()).toBe(before);
    await vi.advanceTimersByTimeAsync(2_000);
    // The first thing that a worker says may be of an earlier session.
    expect(statuses()[0]).toMatchObject({
      status: 'processing',
      completed_batches: 2,
      current_batch: 18,
      progress_percent: 28.5,
      estimated_completion: new Date(clock.now() + 25_000).toISOString(),
    });
    expect(writes() - before).toBe(2);
    await files.end();
    expect(statuses()[0]).toMatchObject({
      status: 'stopped',
      completed_batches: 2,
      estimated_completion: null,
    });
  });

  it('counts whole segments when they are finished, and never more than there is', async () => {
    const { files, statuses, checkpoint, state } = await rig([0]);
    const watched = files.observer;
    const event = { version: 1, seq: 0, time: '2026-03-01T10:15:00.000Z' } as const;
    await vi.advanceTimersByTimeAsync(0);
    expect(statuses().map(({ completed_batches: done }) => done)).toEqual([2, 2, 2, 2, 1, 1]);
    watched.onWorkerStatus(workerStatus({ lanes: [laneOf(0, 0)] }));
    watched.onWorkerStatus(workerStatus({ lanes: [laneOf(0, 90)] }));
    watched.onEvent({ ...finishedSegment(checkpoint, 1), ...event });
    await vi.advanceTimersByTimeAsync(2_000);
    expect(statuses().map(({ completed_batches: done }) => done)).toEqual([7, 4, 3, 3, 3, 3]);
    for (const id of [1, 2, 3]) state.apply(finishedSegment(checkpoint, id));
    await files.end();
    expect(statuses().every((status) => status.progress_percent === 100)).toBe(true);
    expect(statuses().every(({ estimated_completion: end }) => end !== null)).toBe(true);
  });

  it('a file that cannot be written is told once, and stops nothing', async () => {
    const { files, notices } = await rig([], () => Promise.reject(new Error('no room')));
    await vi.advanceTimersByTimeAsync(0);
    await files.end();
    expect(notices).toEqual(["The workers' status files could not be written: no room"]);
  });
});

/** A run of 300 frames for 6 workers, of which some segments are finished already. */
async function rig(finished: readonly number[] = [], publish?: () => Promise<void>) {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  const checkpoint = sampleUpscaleCheckpoint(sampleUpscalePlan());
  const state = new VideoRunState(checkpoint);
  for (const id of finished) state.apply(finishedSegment(checkpoint, id));
  const texts = new Map<string, string>();
  let writes = 0;
  const keep = async (name: string, chunks: Iterable<string>) => {
    texts.set(name, [...chunks].join(''));
    writes += 1;
  };
  const notices: string[] = [];
  const observer = partialObserver<VideoObserver>({ onNotice: (message) => notices.push(message) });
  const clock = new ManualClock();
  const session = { checkpoint, publish: publish ?? keep };
  const files = new WorkerStatusFiles({ session, state, observer, ports: { clock } });
  const statuses = () =>
    [0, 1, 2, 3, 4, 5].map((lane) => JSON.parse(texts.get(`worker_${lane}_status.json`) ?? ''));
  return { files, notices, statuses, writes: () => writes, clock, checkpoint, state };
}

function laneOf(lane: number, completed: number): LaneStatus {
  return {
    lane,
    status: 'processing',
    total_batches: 7,
    completed_batches: completed,
    current_batch: 6 * completed,
  };
}
