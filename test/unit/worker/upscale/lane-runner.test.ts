import { expect, it } from 'vitest';
import { LaneRunner, LaneSizes } from '../../../../src/worker/upscale/lane-runner.ts';
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
