/**
 * Disturbs runs on a host in every way there is, at random moments, and checks that nothing is lost, nothing is
 * published twice and nothing finished is asked for again: `node scripts/soak/faults.ts --faults 100 --seed 1`. Takes
 * root, an sshd and a dockerd; it starts its own.
 */
import { parseArgs } from 'node:util';
import { startLab } from '../../test/support/lab/lab.ts';
import { missing } from '../../test/support/lab/needs.ts';
import { seededRandom } from '../../test/support/stand-in/faults.ts';
import { runFaultCampaign } from './fault-campaign.ts';

const { values } = parseArgs({
  options: {
    faults: { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
    specs: { type: 'string', default: '48' },
  },
});

const reason = missing('dockerd', 'sshd');
if (reason !== null) {
  process.stdout.write(`faults of hosts ${reason}\n`);
  process.exit();
}

const wanted = Number(values.faults);
const random01 = seededRandom(Number(values.seed));
const totals = new Map<string, number>();
let done = 0;
let asks = 0;
let campaigns = 0;
const lab = await startLab();
try {
  while (done < wanted && process.exitCode === undefined) {
    const startedMs = performance.now();
    const result = await runFaultCampaign(lab, {
      faults: Math.min(8, wanted - done),
      specs: Number(values.specs),
      latencyMs: 400,
      random01,
    });
    campaigns += 1;
    done += result.kills.length;
    asks += result.asks;
    for (const { target } of result.kills) totals.set(target, (totals.get(target) ?? 0) + 1);
    const names = result.kills.map(({ target }) => target).join(', ');
    process.stdout.write(
      `campaign ${campaigns}: ${names}; ${result.starts} starts, ${result.asks} asks for ${values.specs} specs, ${((performance.now() - startedMs) / 1000).toFixed()} s; ${done} of ${wanted} faults\n`,
    );
    for (const fault of result.faults) process.stdout.write(`  FAULT: ${fault}\n`);
    if (result.faults.length > 0) process.exitCode = 1;
  }
} finally {
  await lab.engine.stop();
}
const extra = asks - campaigns * Number(values.specs);
const kinds = [...totals].map(([name, count]) => `${count} ${name}`).join(', ');
process.stdout.write(
  `${done} faults (${kinds}) in ${campaigns} runs: ${extra} requests were cut off in flight and asked again` +
    `${process.exitCode ? '; FAULTS, see above' : ', nothing lost, nothing published twice, nothing finished asked again'}.\n`,
);
