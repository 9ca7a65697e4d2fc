/**
 * Kills the program, its worker or both at random moments, over and over, and checks that nothing is lost and
 * nothing finished is asked for again: `node scripts/soak/kills.ts --kills 100 --seed 1`.
 */
import { parseArgs } from 'node:util';
import { seededRandom } from '../../test/support/stand-in/faults.ts';
import { runCampaign } from './kill-campaign.ts';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
    specs: { type: 'string', default: '64' },
  },
});

const kills = Number(values.kills);
const random01 = seededRandom(Number(values.seed));
const totals = { cli: 0, worker: 0, both: 0 };
let done = 0;
let asks = 0;
let campaigns = 0;
while (done < kills && process.exitCode === undefined) {
  const result = await runCampaign({
    kills: Math.min(8, kills - done),
    specs: Number(values.specs),
    latencyMs: 300,
    longestWaitMs: 2_500,
    writesBack: campaigns % 2 === 1,
    random01,
  });
  campaigns += 1;
  done += result.kills.length;
  asks += result.asks;
  for (const { target } of result.kills) totals[target as keyof typeof totals] += 1;
  process.stdout.write(
    `campaign ${campaigns}: ${result.kills.length} kills, ${result.starts} starts, ${result.asks} asks for ${values.specs} specs; ${done} of ${kills} kills\n`,
  );
  for (const fault of result.faults) process.stdout.write(`  FAULT: ${fault}\n`);
  if (result.faults.length > 0) process.exitCode = 1;
}
const extra = asks - campaigns * Number(values.specs);
process.stdout.write(
  `${done} kills (${totals.cli} program, ${totals.worker} worker, ${totals.both} both) in ${campaigns} runs: ` +
    `${extra} requests were cut off in flight and asked again${process.exitCode ? '; FAULTS, see above' : ', nothing lost, nothing finished asked again'}.\n`,
);
