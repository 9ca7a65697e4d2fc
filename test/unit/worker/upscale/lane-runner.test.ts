import { expect, it } from 'vitest';
import { LaneRunner, LaneSizes } from '../../../../src/worker/upscale/lane-runner.ts';
import { LaneError } from '../../../../src/worker/upscale/upscale-engine.ts';
import { ScriptedEngine } from '../../../support/memory-frames.ts';

it('an idle lane that is given an aborted job does the next one', { timeout: 5_000 }, async () => {
  const format = { width: 16, height: 16, pixelFormat: 'gray' };
  const engine = new ScriptedEngine(() => undefined);
  const runner = new LaneRunner({
    engine,
    request: { from: format, to: engine.outputFormat(format), clip: null, lane: 0, lanes: 1 },
    sizes: new LaneSizes({ batchSize: 8, tile: 0 }, { longerSide: 16, minTile: null }),
    log: () => undefined,
  });
  const job = { order: 0, batch: 0, frames: [new Uint8Array(16 * 16)] };
  const aborted = runner.run({ ...job, signal: AbortSignal.abort(new Error('gone')) });
  await expect(aborted).rejects.toThrow('gone');
  expect(await runner.run({ ...job, signal: new AbortController().signal })).toHaveLength(1);
  await runner.close();
});

it('a lane has its next call while it works on one; what both lose with it counts as one death', async () => {
  const format = { width: 16, height: 16, pixelFormat: 'gray' };
  let underWay = 0;
  let most = 0;
  const engine = new ScriptedEngine(async ({ calls }) => {
    underWay += 1;
    most = Math.max(most, underWay);
    await new Promise((resolve) => setImmediate(resolve));
    underWay -= 1;
    if (calls <= 2) throw new LaneError('died', 'killed');
  });
  engine.callsAtOnce = 2;
  const log: string[] = [];
  const runner = new LaneRunner({
    engine,
    request: { from: format, to: engine.outputFormat(format), clip: null, lane: 0, lanes: 1 },
    sizes: new LaneSizes({ batchSize: 8, tile: 0 }, { longerSide: 16, minTile: null }),
    log: (line) => void log.push(line),
  });
  const { signal } = new AbortController();
  const jobs = [1, 2, 3, 4].map((shade) =>
    runner.run({ order: 0, batch: shade, frames: [new Uint8Array(256).fill(shade)], signal }),
  );
  const upscaled = await Promise.all(jobs);
  expect(upscaled.map(([frame]) => frame?.[0])).toEqual([1, 2, 3, 4]);
  expect(most).toBe(2);
  expect(log).toEqual(['lane 0: killed']);
  expect(engine.starts).toHaveLength(2);
  await runner.close();
});
