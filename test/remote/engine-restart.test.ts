import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DockerEngine } from '../support/lab/docker-engine.ts';
import { type LabFacts, startLab } from '../support/lab/lab.ts';
import { missing } from '../support/lab/needs.ts';
import { createRemoteStage } from '../support/lab/remote-stage.ts';
import { writeNumberedSpecs } from '../support/numbered-specs.ts';
import { startStandInServer } from '../support/stand-in-server.ts';
import { waitFor } from '../support/wait-for.ts';

const specs = 24;

/** With an engine of their own, because it takes all its containers with it. */
describe.skipIf(missing('dockerd', 'sshd') !== null)('a Docker engine', () => {
  let lab: { readonly facts: LabFacts; readonly engine: DockerEngine };

  beforeAll(async () => {
    lab = await startLab();
  });
  afterAll(async () => await lab?.engine.stop());

  it.each([
    { how: 'is restarted', act: () => lab.engine.restart() },
    {
      how: 'dies, and is started again 5 s later',
      act: async () => {
        await lab.engine.kill();
        await delay(5_000);
        await lab.engine.restart();
      },
    },
  ])('that $how does not end a run', async ({ act }) => {
    const server = await startStandInServer({ slots: 4, latencyMs: 400 });
    await using stage = await createRemoteStage(lab.facts, {
      sections: { 'hosts.gpu1': { network: 'host' }, 'upsampling.engine': { concurrency: 4 } },
    });
    await writeNumberedSpecs(join(stage.cli.workingFolder, 'specs'), specs, 2);
    const engine = ['--engine', 'openai', '--base-url', server.baseUrl, '--model', 'stand-in'];
    const { ended } = await stage.cli.start([
      'batch-upsample',
      'specs',
      '--host',
      'gpu1',
      '--json',
      ...engine,
    ]);
    await waitFor(() => server.stats.asks.length >= 6, 60_000);
    await act();
    const { code, stdout, stderr } = await ended;
    await server.stop();
    expect([code, stderr]).toEqual([0, expect.anything()]);
    expect(JSON.parse(stdout)).toMatchObject({ counts: { upsampled: specs, failed: 0 } });
    // Only what was in flight when the container ended is asked again.
    expect(server.stats.asks.length).toBeLessThanOrEqual(specs + 4);
  });
});
