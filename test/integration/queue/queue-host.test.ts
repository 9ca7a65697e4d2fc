import { join } from 'node:path';
import { describe } from 'vitest';
import { makeClip } from '../../support/clips.ts';
import type { HostBench } from '../../support/contracts/host-bench.ts';
import { describeHost } from '../../support/contracts/host-contract.ts';
import { missingRedis } from '../../support/lab/redis.ts';
import { QueueRig } from '../../support/queue-rig.ts';
import { sampleEngine } from '../../support/sample-work.ts';
import { startStandInServer } from '../../support/stand-in-server.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const why = missingRedis();
const folder = await temporaryFolder();

async function createQueueBench(): Promise<HostBench> {
  const rig = await QueueRig.start();
  const server = await startStandInServer({ slots: 2, latencyMs: 60 });
  for (const name of ['one', 'two']) rig.startWorker(name);
  return {
    engine: sampleEngine(server.baseUrl, { concurrency: 2 }),
    decidesLater: true,
    createHost: () => rig.host(),
    asksFor: (prompt) => server.stats.asks.filter((ask) => ask.text === prompt).length,
    hold: server.hold,
    release: server.release,
    killWorker: async (runId) => {
      for (const name of await rig.workersOn(runId)) {
        await rig.killWorker(name);
        rig.startWorker(name);
      }
    },
    ruinWorker: async () => {
      await rig.killWorker('two');
      return { mend: async () => void rig.startWorker('two') };
    },
    [Symbol.asyncDispose]: async () => {
      await rig[Symbol.asyncDispose]();
      await server.stop();
    },
  };
}

describe.skipIf(why !== null)(why ?? 'with Redis', () => {
  describeHost('QueueHost', createQueueBench, () =>
    makeClip(join(folder, 'hint.mp4'), { width: 64, height: 36, frames: 2, fps: 2, codec: 'mjpeg' }),
  );
});
