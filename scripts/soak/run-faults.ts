/**
 * Disturbs runs from prompts to videos on a host in every way there is, at random moments, and checks that no video is lost,
 * none is made again after it was published, and none lies under another's name:
 * `node scripts/soak/run-faults.ts --faults 40 --seed 1`. Takes root, an sshd and a dockerd; it starts its own.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type FamilyName, familyNames } from '../../src/core/inference/families.ts';
import { manifestSchema } from '../../src/protocol/manifest.ts';
import { startLab } from '../../test/support/lab/lab.ts';
import { buildModelImage, programJournal } from '../../test/support/lab/model-image.ts';
import { missing } from '../../test/support/lab/needs.ts';
import type { RemoteStage } from '../../test/support/lab/remote-stage.ts';
import { writeNumberedSpecs } from '../../test/support/numbered-specs.ts';
import { isMarked } from '../../test/support/read-marker.ts';
import { seededRandom } from '../../test/support/stand-in/faults.ts';
import { markerOf } from '../../test/support/stand-in/model-program.ts';
import { type DisturbedWork, disturb } from './fault-campaign.ts';
import { type Fault, faults } from './fault-plan.ts';
import { type KillRecord, runsOnHost } from './kill-plan.ts';

const { values } = parseArgs({
  options: {
    faults: { type: 'string', default: '40' },
    seed: { type: 'string', default: '1' },
    specs: { type: 'string', default: '12' },
  },
});

const reason = missing('dockerd', 'sshd');
if (reason !== null) {
  process.stdout.write(`faults of runs ${reason}\n`);
  process.exit();
}

const image = 'cosmos-inference:soak';
const model = 'cosmos-soak-model:1';
const specs = Number(values.specs);

interface Noted {
  readonly event: string;
  readonly pid: number;
  readonly prompt: string;
}

/** What the model's programs noted; a line that a full disk cut off counts as none. */
async function readNoted({ root }: RemoteStage): Promise<Noted[]> {
  const text = await readFile(join(root, programJournal), 'utf8').catch(() => '');
  return text.split('\n').flatMap((line) => {
    try {
      return [JSON.parse(line) as Noted];
    } catch {
      return [];
    }
  });
}

const programKilled: Fault = async ({ stage }) => {
  const pid = (await readNoted(stage)).findLast(({ event }) => event === 'start')?.pid;
  // It may have ended.
  if (pid !== undefined)
    await stage.docker('exec', stage.container(), 'sh', '-c', `kill -9 ${pid}`).catch(() => undefined);
};

function videosOf(family: FamilyName, facts: Parameters<typeof buildModelImage>[2]): DisturbedWork {
  return {
    sections: { inference: { image, base_image: model, batch_size: 6 } },
    prepare: async (stage) => {
      await buildModelImage(model, stage, facts, { STAND_IN_STEP_MS: '150' });
      await writeNumberedSpecs(join(stage.cli.workingFolder, 'specs'), specs, 3, { edge: null });
      const { code, stderr } = await stage.cli.run(['host', 'prepare', 'gpu1', '--inference'], 300_000);
      if (code !== 0) throw new Error(`the host could not be prepared: ${stderr}`);
    },
    begin: ['run', 'specs', '--host', 'gpu1', '--family', family],
    resume: ['run', '--resume', 'latest'],
    // A video that fails because the disk was full, or its program was killed alone, is tried again by the next session.
    foreseenCodes: [3],
    asked: async (stage) => (await readNoted(stage)).length,
    check,
    faults: { ...faults, 'program of the model killed': programKilled },
  };
}

async function check(stage: RemoteStage, records: readonly KillRecord[]): Promise<string[]> {
  const { workingFolder } = stage.cli;
  const problems: string[] = [];
  const keys = await keysByPrompt(stage);
  for (let index = 0; index < specs; index += 1) {
    const name = `shot_${index}/s`;
    const enriched = join(workingFolder, 'outputs', 'upsampled', `${name}.json`);
    const { prompt } = JSON.parse(await readFile(enriched, 'utf8'));
    const video = join(workingFolder, 'outputs', 'videos', name, `s${index}.mp4`);
    try {
      if (!isMarked(video, markerOf(prompt))) problems.push(`${name} shows another prompt`);
    } catch (error) {
      problems.push(`${name} cannot be played: ${error}`);
    }
    for (const { asked, published } of records) {
      const key = keys.get(prompt);
      if (key === undefined || !published.has(key)) continue;
      const again = (await readNoted(stage))
        .slice(asked)
        .some((line) => line.event === 'video' && line.prompt === prompt);
      if (again) problems.push(`${name} was made again after it was published`);
    }
  }
  const names = await readdir(join(workingFolder, 'outputs', 'videos'), { recursive: true });
  const videos = names.filter((name) => name.endsWith('.mp4'));
  if (videos.length !== specs)
    problems.push(`${videos.length} videos for ${specs} specs: ${videos.join(', ')}`);
  return problems;
}

async function keysByPrompt({ root }: RemoteStage): Promise<Map<string, string>> {
  const keys = new Map<string, string>();
  for (const runId of await runsOnHost(root)) {
    const folder = join(root, 'runs', runId, 'manifests');
    for (const name of await readdir(folder)) {
      const manifest = manifestSchema.parse(JSON.parse(await readFile(join(folder, name), 'utf8')));
      if (manifest.kind !== 'inference') continue;
      for (const task of manifest.batches.flatMap(({ tasks }) => tasks)) keys.set(task.prompt, task.task_key);
    }
  }
  return keys;
}

const wanted = Number(values.faults);
const random01 = seededRandom(Number(values.seed));
const totals = new Map<string, number>();
let [done, campaigns] = [0, 0];
const lab = await startLab();
try {
  while (done < wanted && process.exitCode === undefined) {
    const family = familyNames[campaigns % familyNames.length] ?? 'transfer1';
    const startedMs = performance.now();
    const result = await disturb(lab, videosOf(family, lab.facts), {
      faults: Math.min(8, wanted - done),
      random01,
    });
    campaigns += 1;
    done += result.kills.length;
    for (const { target } of result.kills) totals.set(target, (totals.get(target) ?? 0) + 1);
    const names = result.kills.map(({ target }) => target).join(', ');
    const seconds = ((performance.now() - startedMs) / 1000).toFixed();
    process.stdout.write(
      `campaign ${campaigns}, ${family}: ${names}; ${result.starts} starts, ${seconds} s; ${done} of ${wanted} faults\n`,
    );
    for (const fault of result.faults) process.stdout.write(`  FAULT: ${fault}\n`);
    if (result.faults.length > 0) process.exitCode = 1;
  }
} finally {
  await lab.engine.stop();
}
const kinds = [...totals].map(([name, count]) => `${count} ${name}`).join(', ');
process.stdout.write(
  `${done} faults (${kinds}) in ${campaigns} runs of ${specs} videos` +
    `${process.exitCode ? '; FAULTS, see above' : ': no video lost, none made again after it was published, none under another name'}.\n`,
);
