/**
 * Lets single system calls that change a disk fail, or kills the process that makes one, over and over: in
 * batch-upsample with --write-back, in upscale and in their resumes. Checks that nothing is lost, that no source is changed and
 * that nothing stands under a final name unless it is whole. Linux with strace only.
 *
 *     node scripts/soak/system-calls.ts [--faults 200] [--seed 1] [--faults-per-run 2] [--command both|prompts|video]
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { seededRandom } from '../../test/support/stand-in/faults.ts';
import { runCallCampaign, upscaledFilm } from './system-call-campaign.ts';
import { nextCallFault, tracerSkipReason } from './system-call-plan.ts';

const { values } = parseArgs({
  options: {
    faults: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
    'faults-per-run': { type: 'string', default: '2' },
    command: { type: 'string', default: 'both' },
  },
});
const why = tracerSkipReason();
const folder = await mkdtemp(join(tmpdir(), 'cosmos-film-'));
try {
  if (why === null) await soak();
  else process.stdout.write(`Not run: ${why}.\n`);
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function soak(): Promise<void> {
  const film = await upscaledFilm(folder);
  const random01 = seededRandom(Number(values.seed));
  const ends = new Map<string, number>();
  let done = 0;
  for (let run = 0; done < Number(values.faults); run++) {
    const injected = Array.from({ length: Number(values['faults-per-run']) }, () => nextCallFault(random01));
    const isVideo = values.command === 'both' ? run % 2 === 1 : values.command === 'video';
    const { sessions, hits, faults } = await runCallCampaign(injected, isVideo ? film : null);
    done += hits;
    for (const session of sessions) count(ends, session.replace(/^.*: /, ''));
    if (faults.length > 0) process.exitCode = 1;
    process.stdout.write(`${done}: ${sessions.join('; ')}\n`);
    for (const fault of faults) process.stdout.write(`  FAULT: ${fault}\n`);
  }
  const codes = [...ends].map(([end, times]) => `${times} times ${end}`).join(', ');
  const end = process.exitCode
    ? 'FAULTS, see above'
    : 'nothing lost, no source changed, nothing half under a final name';
  process.stdout.write(`${done} faults; sessions ended ${codes}: ${end}.\n`);
}

function count(ends: Map<string, number>, end: string): void {
  ends.set(end, (ends.get(end) ?? 0) + 1);
}
