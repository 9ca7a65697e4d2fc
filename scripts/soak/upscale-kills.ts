/**
 * Upscales a film with sound, subtitles and chapters, and kills the program, its worker, one of its ffmpegs or all of
 * them at random moments, over and over; checks that nothing stands under the final name unless it is whole, and that
 * the video is the same in the end, byte for byte, as without kills. Linux only.
 *
 *     node scripts/soak/upscale-kills.ts [--kills 30] [--seed 1] [--seconds 200] [--kills-per-run 8]
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { makeFilm } from '../../test/support/film.ts';
import { seededRandom } from '../../test/support/stand-in/faults.ts';
import { runUpscaleCampaign, type UpscaleCampaignResult } from './upscale-kill-campaign.ts';
import { upscaleKillTargets } from './upscale-kill-plan.ts';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '30' },
    seed: { type: 'string', default: '1' },
    seconds: { type: 'string', default: '200' },
    'kills-per-run': { type: 'string', default: '8' },
  },
});
const kills = Number(values.kills);
const random01 = seededRandom(Number(values.seed));
const folder = await mkdtemp(join(tmpdir(), 'cosmos-upscale-film-'));

try {
  const source = await makeFilm(folder, 'film.mkv', { seconds: Number(values.seconds), isRich: true });
  await soak(source);
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function soak(source: string): Promise<void> {
  const names = ['larger.mp4', 'larger.mkv'];
  const untouched = new Map<string, UpscaleCampaignResult>();
  for (const outputName of names) {
    const common = { source, outputName, longestWaitMs: 0, random01 };
    const result = await runUpscaleCampaign({ ...common, sha256: null, kills: 0 });
    untouched.set(outputName, result);
    tell(`${outputName} without kills`, result);
  }
  const totals = Object.fromEntries(upscaleKillTargets.map((target) => [target, 0]));
  let done = 0;
  for (let campaign = 0; done < kills && process.exitCode === undefined; campaign++) {
    const outputName = names[campaign % names.length] ?? 'larger.mp4';
    const { sha256 = '', wallMs = 0 } = untouched.get(outputName) ?? {};
    const atMost = Math.min(Number(values['kills-per-run']), kills - done);
    const result = await runUpscaleCampaign({
      ...{ source, outputName, sha256, kills: atMost, random01 },
      // Some come when the run is over already: then every moment of it is met.
      longestWaitMs: wallMs,
    });
    done += result.kills.length;
    for (const target of result.kills) totals[target] = (totals[target] ?? 0) + 1;
    tell(`${outputName}, run ${campaign + 1}, ${done} of ${kills} kills`, result);
  }
  const each = Object.entries(totals).map(([target, count]) => `${count} ${target}`);
  const end = process.exitCode ? 'FAULTS, see above' : 'the same videos as without, and never a part of one';
  process.stdout.write(`${done} kills (${each.join(', ')}): ${end}.\n`);
}

function tell(
  name: string,
  { kills: hit, starts, exitCodes, wallMs, sha256, faults }: UpscaleCampaignResult,
): void {
  const codes = exitCodes.length === 0 ? '' : `, exit codes of sessions that gave up ${exitCodes.join(' ')}`;
  process.stdout.write(
    `${name}: ${hit.length} kills [${hit.join(' ')}], ${starts} starts, ${(wallMs / 1000).toFixed(0)} s, ${sha256.slice(0, 12)}${codes}\n`,
  );
  for (const fault of faults) process.stdout.write(`  FAULT: ${fault}\n`);
  if (faults.length > 0) process.exitCode = 1;
}
