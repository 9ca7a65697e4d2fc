import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runFaultCampaign } from '../../scripts/soak/fault-campaign.ts';
import { layout, parseResultName } from '../../src/protocol/layout.ts';
import type { DockerEngine } from '../support/lab/docker-engine.ts';
import { type LabFacts, startLab } from '../support/lab/lab.ts';
import { missing } from '../support/lab/needs.ts';
import { createRemoteStage } from '../support/lab/remote-stage.ts';
import { writeNumberedSpecs } from '../support/numbered-specs.ts';
import { seededRandom } from '../support/stand-in/faults.ts';
import { type StandIn, startStandInServer } from '../support/stand-in-server.ts';
import { waitFor } from '../support/wait-for.ts';

const specs = 24;
const concurrency = 4;

/** With an engine of their own, because it takes all its containers with it. */
describe.skipIf(missing('dockerd', 'sshd') !== null)('a Docker engine', () => {
  let lab: { readonly facts: LabFacts; readonly engine: DockerEngine };

  beforeAll(async () => {
    lab = await startLab();
  });
  afterAll(async () => await lab?.engine.stop());

  it.each([
    { how: 'is restarted', act: async () => await lab.engine.restart() },
    {
      how: 'dies, and is started again when its container has done more',
      act: async (server: StandIn, finished: (count: number) => Promise<void>) => {
        await lab.engine.kill();
        server.hold(4);
        await finished(10);
        await lab.engine.restart();
      },
    },
  ])('that $how does not end a run', async ({ act }) => {
    const server = await startStandInServer({ slots: concurrency });
    server.hold(6);
    await using stage = await createRemoteStage(lab.facts, {
      sections: { 'hosts.gpu1': { network: 'host' }, 'upsampling.engine': { concurrency } },
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
    /** Waits until so many prompts have their results on the host, and the engine holds all others that are asked. */
    const finished = async (count: number) => {
      const runs = join(stage.root, layout.runs);
      await waitFor(async () => {
        const names = await readdir(runs, { recursive: true });
        const results = names.filter((name) => parseResultName(basename(name)) !== null);
        return results.length === count && server.stats.asks.length === count + concurrency;
      });
    };
    await finished(6);
    await act(server, finished);
    server.release();
    const { code, stdout, stderr } = await ended;
    await server.stop();
    expect([code, stderr]).toEqual([0, expect.anything()]);
    expect(JSON.parse(stdout)).toMatchObject({ counts: { upsampled: specs, failed: 0 } });
    // Only what was in flight when the container ended is asked again.
    expect(server.stats.asks.length).toBe(specs + concurrency);
  });

  /** A short piece of `scripts/soak/faults.ts`, always the same one. */
  it('that may die, or anything else: a run loses nothing and does nothing twice', async () => {
    const result = await runFaultCampaign(lab, {
      faults: 6,
      specs: 32,
      latencyMs: 300,
      random01: seededRandom(3),
    });
    expect(result.faults).toEqual([]);
    expect(result.kills.length).toBeGreaterThan(0);
  });
});
