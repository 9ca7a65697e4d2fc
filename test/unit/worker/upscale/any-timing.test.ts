import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { systemClock } from '../../../../src/adapters/system-clock.ts';
import { layout } from '../../../../src/protocol/layout.ts';
import { SegmentUpscaler } from '../../../../src/worker/upscale/segment-upscaler.ts';
import { LaneError } from '../../../../src/worker/upscale/upscale-engine.ts';
import {
  MemoryFrames,
  ScriptedEngine,
  sampleSegment,
  sampleUpscalerSpec,
} from '../../../support/memory-frames.ts';
import { createRandom } from '../../../support/rgb-frames.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

const folder = await temporaryFolder();

const cases = fc.record({
  lanes: fc.integer({ min: 1, max: 5 }),
  batchSize: fc.integer({ min: 1, max: 9 }),
  callFrames: fc.integer({ min: 1, max: 9 }),
  callsAtOnce: fc.integer({ min: 1, max: 3 }),
  most: fc.integer({ min: 1, max: 9 }),
  repeats: fc.array(fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 50 }), {
    minLength: 1,
    maxLength: 3,
  }),
  context: fc.record({ before: fc.integer({ min: 0, max: 3 }), after: fc.integer({ min: 0, max: 3 }) }),
  seed: fc.integer(),
});

it('whatever is slow, dies or lacks memory: every frame comes once, in its place', async () => {
  await fc.assert(
    fc.asyncProperty(
      cases,
      async ({ lanes, batchSize, callFrames, callsAtOnce, most, repeats, context, seed }) => {
        const random = createRandom(seed);
        const engine = new ScriptedEngine(async ({ frames, calls }) => {
          await delay(random() * 3);
          if (frames.length > most) throw new LaneError('out-of-memory', 'no memory');
          if (calls % 40 === 39) throw new LaneError('died', 'killed');
        });
        engine.callsAtOnce = callsAtOnce;
        engine.callFrames = () => Math.min(callFrames, batchSize);
        const runFolder = join(folder, randomBytes(6).toString('hex'));
        const upscaler = new SegmentUpscaler(sampleUpscalerSpec({ lanes, batch_size: batchSize }), engine, {
          frames: new MemoryFrames(),
          objectPathOf: String,
          runFolder,
          clock: systemClock,
          log: () => undefined,
        });
        let firstBatch = 0;
        const tasks = repeats.map((each, at) => {
          const task = {
            task_key: String(at).repeat(64),
            first_batch: firstBatch,
            first_time: 50 * at,
            repeats: [
              ...new Array<number>(context.before).fill(2),
              ...each,
              ...new Array<number>(context.after).fill(1),
            ],
            context,
          };
          firstBatch += Math.ceil(each.length / batchSize);
          return sampleSegment(task);
        });
        const quiet = { signal: new AbortController().signal, onProgress: () => undefined };
        await Promise.all(tasks.map((task) => upscaler.run(task, quiet)));
        for (const [segment, own] of repeats.entries()) {
          const key = tasks[segment]?.task_key ?? '';
          const written = await readFile(join(runFolder, layout.output(key)));
          const first = 50 * segment + context.before;
          const shown = own.flatMap((each, at) => new Array<number>(each).fill(first + at));
          expect([...written]).toEqual(shown);
        }
        const counts = upscaler.laneStatus();
        expect(counts.reduce((sum, lane) => sum + lane.completed_batches, 0)).toBe(firstBatch);
        expect(counts.every((lane) => lane.completed_batches === lane.total_batches)).toBe(true);
        await upscaler.stop();
        expect(engine.openLanes).toBe(0);
      },
    ),
    { numRuns: 40 },
  );
});
