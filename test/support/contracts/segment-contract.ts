import { createHash } from 'node:crypto';
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HostRun } from '../../../src/ports/host.ts';
import type { SegmentFacts, SegmentTask, UpscalerSpec } from '../../../src/protocol/segment.ts';
import { makeClip } from '../clips.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { waitFor } from '../wait-for.ts';
import { type HostBench, Listener } from './host-bench.ts';

const frames = 8;
const ticksPerFrame = 512;

const engine: UpscalerSpec = {
  kind: 'lanczos',
  scale: 2,
  batch_size: 4,
  lanes: 2,
  is_lane_count_open: false,
  tile: 0,
  model: null,
  encoding: { crf: 20, preset: 'ultrafast', threads: 1 },
};

/** What every host must do with work of kind `upscale`, and with the files that come of it. */
export function describeSegments(name: string, setUp: () => Promise<HostBench>): void {
  describe(`${name} as a host of segments`, () => {
    let bench: HostBench;
    let run: HostRun;
    let folder = '';
    let tasks: SegmentTask[] = [];
    const facts = new Map<string, SegmentFacts>();
    let heard: Listener;

    beforeAll(async () => {
      bench = await setUp();
      folder = await temporaryFolder();
      const path = await makeClip(join(folder, 'clip.mp4'), { width: 64, height: 36, frames });
      const source = hashOf(await readFile(path));
      tasks = [0, 1].map((at) => segmentTask(at, source));
      run = await bench.createHost().openRun('segments', { workers: 1 });
      heard = new Listener(run);
      await run.deliver([{ sha256: source, path, sizeBytes: (await stat(path)).size }]);
      for (const task of tasks) await run.submit({ batch_id: task.segment_id, tasks: [task] }, engine);
      await heard.until(2);
      for (const { task_key: key } of tasks) {
        const result = heard.results.get(key);
        if (result?.segment) facts.set(key, result.segment);
      }
    });
    afterAll(async () => {
      await run.stop(0);
      await heard[Symbol.asyncDispose]();
      await run.close();
      await bench[Symbol.asyncDispose]();
    });

    const factsOf = (at: number) => {
      const found = facts.get(tasks[at]?.task_key ?? '');
      if (!found)
        throw new Error(`segment ${at} was not made: ${JSON.stringify([...heard.results.values()])}`);
      return found;
    };

    it('makes them, and tells what it made and how far it is', async () => {
      expect(factsOf(0)).toMatchObject({
        frames: 4,
        unique_frames: 3,
        width: 128,
        height: 72,
        batch_size: 4,
      });
      expect(factsOf(1)).toMatchObject({ frames: 4, unique_frames: 4 });
      const progress = heard.events.filter((event) => event.type === 'task-progress');
      expect(progress.at(-1)).toMatchObject({ doneParts: 4, totalParts: 4 });
      const lanes = () => {
        const shown = heard.events.flatMap((event) =>
          event.type === 'worker-status' ? [event.status.lanes ?? []] : [],
        );
        return shown.at(-1)?.map(({ lane, completed_batches: done }) => [lane, done]);
      };
      // The status follows what is finished.
      const expected = [
        [0, 1],
        [1, 1],
      ];
      await expect.poll(lanes).toEqual(expected);
    });

    it('brings their files home whole, also over half a one, and again', async () => {
      const path = join(folder, 'home', 'segment.mp4');
      const [task] = tasks;
      await run.downloadOutput(task?.task_key ?? '', factsOf(0), path);
      expect(hashOf(await readFile(path))).toBe(factsOf(0).sha256);
      await run.downloadOutput(task?.task_key ?? '', factsOf(0), path);
      await rm(path);
      await writeFile(`${path}.part`, 'damaged');
      await run.downloadOutput(task?.task_key ?? '', factsOf(0), path);
      expect(hashOf(await readFile(path))).toBe(factsOf(0).sha256);
    });

    it('refuses a file that is not what was made', async () => {
      const wrong = { ...factsOf(0), sha256: '0'.repeat(64) };
      const path = join(folder, 'wrong.mp4');
      const bringing = run.downloadOutput(tasks[0]?.task_key ?? '', wrong, path);
      await expect(bringing).rejects.toMatchObject({ code: 'worker-failed' });
      await expect(stat(path)).rejects.toMatchObject({ code: 'ENOENT' });
    });

    it('drops files that are home, and makes them again when their result is forgotten', async () => {
      const key = tasks[1]?.task_key ?? '';
      await run.dropOutputs([key]);
      await run.dropOutputs([key]);
      const path = join(folder, 'dropped.mp4');
      await expect(run.downloadOutput(key, factsOf(1), path)).rejects.toMatchObject({
        code: 'worker-failed',
      });
      await run.forget([key]);
      const task = tasks[1];
      if (task) await run.submit({ batch_id: 1, tasks: [task] }, engine);
      await waitFor(async () => (await run.result(key)) !== null);
      expect((await run.result(key))?.segment?.sha256).toBe(factsOf(1).sha256);
      await run.downloadOutput(key, factsOf(1), path);
    });
  });
}

/** Four frames of the clip; in the first segment one of them is shown twice in the place of the next. */
function segmentTask(segmentId: number, source: string): SegmentTask {
  const first = segmentId * 4;
  return {
    task_key: hashOf(Buffer.from(`segment ${segmentId}`)),
    name: `segment ${segmentId}`,
    segment_id: segmentId,
    first_batch: segmentId,
    clip: {
      source,
      stream: 0,
      is_turned: false,
      frame: { width: 64, height: 36, pixel_format: 'yuv420p' },
      target: { width: 128, height: 72, pixel_format: 'yuv420p' },
      frame_rate: { numerator: 30, denominator: 1 },
      time_base: { numerator: 1, denominator: 15_360 },
      sample_aspect: { numerator: 1, denominator: 1 },
      color: { range: null, space: null, primaries: null, transfer: null, chroma_location: null },
    },
    seek_time: null,
    first_time: first * ticksPerFrame,
    end_time: segmentId === 0 ? (first + 4) * ticksPerFrame : null,
    repeats: segmentId === 0 ? [1, 2, 1] : [1, 1, 1, 1],
  };
}

function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
