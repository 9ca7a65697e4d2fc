import { expect, it } from 'vitest';
import { runCampaign } from '../../scripts/soak/kill-campaign.ts';
import { seededRandom } from '../support/stand-in/faults.ts';

const random01 = seededRandom(20_261_121);

it('killed at any moment, a run loses nothing and asks for nothing twice that was finished', async () => {
  let kills = 0;
  for (let campaign = 0; campaign < 3 && kills < 6; campaign++) {
    const left = 6 - kills;
    const result = await runCampaign({
      kills: left,
      specs: 60,
      latencyMs: 200,
      longestWaitMs: 1_500,
      writesBack: true,
      random01,
    });
    expect(result.faults).toEqual([]);
    kills += result.kills.length;
  }
  expect(kills).toBe(6);
}, 120_000);
