/**
 * Plays small runs over pools and queues of several machines, disturbs each in its own way, and checks that each is
 * complete, with the same bytes as without, that no prompt is asked again once its result stands, and that nothing is left
 * behind: `node scripts/soak/farm-faults.ts [--scenes 100] [--seed 1] [--from 0] [--only pool|queue] [--scene 17]`. Takes Linux, ffmpeg and a
 * redis-server, and a build.
 */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { makeFilm } from '../../test/support/film.ts';
import { quickTiming } from '../../test/support/queue-rig.ts';
import { startStandInServer } from '../../test/support/stand-in-server.ts';
import { markedEnvironment } from '../bench/support/run-processes.ts';
import { farmFaults, planFarmScene, taskCounts } from './farm-fault-plan.ts';
import { type FarmInputs, type FarmSceneResult, playFarmScene } from './farm-scene.ts';
import { writeInputs } from './kill-campaign.ts';

const { values } = parseArgs({
  options: {
    scenes: { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
    from: { type: 'string', default: '0' },
    scene: { type: 'string' },
  },
});
const { only } = values;
if (only !== undefined && only !== 'pool' && only !== 'queue') throw new Error('--only takes pool or queue');
const seed = Number(values.seed);
const { lockMs } = quickTiming;
const mark = randomUUID();
// Compiled code changes nothing but how long a start takes.
const compiled = join(tmpdir(), `cosmos-test-compiled-${userInfo().uid}`);
Object.assign(process.env, markedEnvironment({ NODE_COMPILE_CACHE: compiled }, mark));
const numbers =
  values.scene === undefined
    ? Array.from({ length: Number(values.scenes) }, (_, at) => Number(values.from) + at)
    : [Number(values.scene)];
const folder = await mkdtemp(join(tmpdir(), 'cosmos-farm-'));
const met = new Map<string, number>();
const broken: number[] = [];

try {
  const inputs = await makeInputs();
  for (const number of numbers) {
    const scene = planFarmScene({ seed, number, lockMs, only });
    const result = await playFarmScene(scene, inputs);
    for (const kind of result.met) met.set(kind, (met.get(kind) ?? 0) + 1);
    if (result.faults.length > 0) broken.push(number);
    tell(result);
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
for (const kind of Object.keys(farmFaults)) process.stdout.write(`${met.get(kind) ?? 0} times ${kind}\n`);
const repeats = broken.map((number) => `--seed ${seed} --scene ${number}${only ? ` --only ${only}` : ''}`);
process.stdout.write(
  broken.length === 0
    ? `${numbers.length} of ${numbers.length} scenes hold (seed ${seed}).\n`
    : `${numbers.length - broken.length} of ${numbers.length} scenes hold. Repeat the others with: ${repeats.join('; ')}\n`,
);
process.exitCode = broken.length === 0 ? 0 : 1;

/** The film upscaled on one machine without a fault is what all others have to be. */
async function makeInputs(): Promise<FarmInputs> {
  const film = await makeFilm(folder, 'film.mp4', { seconds: 12, rate: '24' });
  const specs = join(folder, 'specs');
  await writeInputs(specs, taskCounts.prompts);
  const startServer = () => startStandInServer({ slots: 4, latencyMs: 250 });
  const inputs = { film, specs, startServer, copyAfterMs: lockMs, mark, sha256: null };
  const quiet = {
    number: -1,
    place: 'pool',
    work: 'upscale',
    machines: 1,
    isLeft: false,
    awayMs: 0,
    faults: [],
  } as const;
  const { sha256, faults } = await playFarmScene(quiet, inputs);
  if (sha256 === null || faults.length > 0) throw new Error(`undisturbed: ${faults.join('; ')}`);
  return { ...inputs, sha256 };
}

function tell({ scene, met: hit, sessions, asks, wallMs, faults }: FarmSceneResult): void {
  const planned = scene.faults.map(({ kind }) => (hit.includes(kind) ? kind : `(${kind})`)).join(', ');
  const asked = scene.work === 'prompts' ? `, ${asks} asks for ${taskCounts.prompts}` : '';
  const left = scene.isLeft ? ', left' : '';
  process.stdout.write(
    `scene ${scene.number}: ${scene.work} over a ${scene.place} of ${scene.machines}${left}: ${planned}; ` +
      `${sessions} sessions${asked}, ${(wallMs / 1000).toFixed(1)} s${faults.length === 0 ? '' : ' BROKEN'}\n`,
  );
  for (const fault of faults) process.stdout.write(`  FAULT: ${fault}\n`);
}
