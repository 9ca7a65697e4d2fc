/**
 * Upscales a film, or processes regions of it, with sound, subtitles and chapters, and kills the program, its worker, one of its ffmpegs or all of
 * them at random moments, over and over; checks that nothing stands under the final name unless it is whole, and that
 * the video is the same in the end, byte for byte, as without kills. Linux only.
 *
 *     node scripts/soak/video-kills.ts [--command upscale|retouch] [--kills 30] [--seed 1] [--seconds 200] [--kills-per-run 8]
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { makeFilm } from '../../test/support/film.ts';
import { seededRandom } from '../../test/support/stand-in/faults.ts';
import { runVideoCampaign, type VideoCampaignResult } from './video-kill-campaign.ts';
import { videoKillTargets } from './video-kill-plan.ts';

const commands = {
  upscale: ['upscale'],
  retouch: ['retouch', '--region', '20%,70%,60%,20%@1-', '--region', '5,5,30,20@40f-400f'],
} as const;

const { values } = parseArgs({
  options: {
    command: { type: 'string', default: 'upscale' },
    kills: { type: 'string', default: '30' },
    seed: { type: 'string', default: '1' },
    seconds: { type: 'string', default: '200' },
    'kills-per-run': { type: 'string', default: '8' },
  },
});
const kills = Number(values.kills);
const random01 = seededRandom(Number(values.seed));
const folder = await mkdtemp(join(tmpdir(), 'cosmos-film-'));

try {
  const source = await makeFilm(folder, 'film.mkv', { seconds: Number(values.seconds), isRich: true });
  await soak(source);
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function soak(source: string): Promise<void> {
  const command = values.command === 'retouch' ? commands.retouch : commands.upscale;
  const names = ['made.mp4', 'made.mkv'];
  const untouched = new Map<string, VideoCampaignResult>();
  for (const outputName of names) {
    const common = { command, source, outputName, longestWaitMs: 0, random01 };
    const result = await runVideoCampaign({ ...common, sha256: null, kills: 0 });
    untouched.set(outputName, result);
    tell(`${outputName} without kills`, result);
  }
  const totals = Object.fromEntries(videoKillTargets.map((target) => [target, 0]));
  let done = 0;
  for (let campaign = 0; done < kills && process.exitCode === undefined; campaign++) {
    const outputName = names[campaign % names.length] ?? 'made.mp4';
    const { sha256 = '', wallMs = 0 } = untouched.get(outputName) ?? {};
    const atMost = Math.min(Number(values['kills-per-run']), kills - done);
    const result = await runVideoCampaign({
      ...{ command, source, outputName, sha256, kills: atMost, random01 },
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
  { kills: hit, starts, exitCodes, wallMs, sha256, faults }: VideoCampaignResult,
): void {
  const codes = exitCodes.length === 0 ? '' : `, exit codes of sessions that gave up ${exitCodes.join(' ')}`;
  process.stdout.write(
    `${name}: ${hit.length} kills [${hit.join(' ')}], ${starts} starts, ${(wallMs / 1000).toFixed(0)} s, ${sha256.slice(0, 12)}${codes}\n`,
  );
  for (const fault of faults) process.stdout.write(`  FAULT: ${fault}\n`);
  if (faults.length > 0) process.exitCode = 1;
}
