import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runFaultCampaign } from '../../scripts/soak/fault-campaign.ts';
import { startLab } from '../support/lab/lab.ts';
import { missing } from '../support/lab/needs.ts';
import { seededRandom } from '../support/stand-in/faults.ts';

/** A short piece of `scripts/soak/faults.ts`, always the same one, with an engine that it may kill. */
describe.skipIf(missing('dockerd', 'sshd') !== null)('a run on a host', () => {
  let lab: Awaited<ReturnType<typeof startLab>>;

  beforeAll(async () => {
    lab = await startLab();
  });
  afterAll(async () => await lab?.engine.stop());

  it('loses nothing and does nothing twice, whatever comes', async () => {
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
