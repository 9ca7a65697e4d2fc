import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { hashFile } from '../../src/adapters/files/hash-file.ts';
import { taskResultSchema } from '../../src/protocol/task-result.ts';
import type { Cli } from '../../test/support/run-cli.ts';
import type { StandInStats } from '../../test/support/stand-in/stats.ts';
import { processesOf } from '../bench/support/run-processes.ts';
import { checkCampaign, markerOf } from './check-campaign.ts';
import { type FarmScene, taskCounts } from './farm-fault-plan.ts';
import { type FarmLine, type FarmStage, type QueueStage, standingResults } from './farm-stage.ts';
import type { KillRecord } from './kill-plan.ts';

/** What is known when a scene is over. */
interface FarmSceneFacts {
  readonly scene: FarmScene;
  readonly stage: FarmStage;
  readonly cli: Cli;
  readonly stats: StandInStats;
  readonly records: readonly KillRecord[];
  readonly lines: readonly FarmLine[];
  readonly output: string;
  readonly sha256: string | null;
  readonly mark: string;
}

/** How long processes and jobs may take to end by themselves. */
const endPatienceMs = 20_000;
/** A request that was sent before a result stood may arrive so much later. */
const onTheWayMs = 500;

/** Everything that must hold once a disturbed run is complete; what does not is told. */
export async function checkFarmScene(
  facts: FarmSceneFacts,
): Promise<{ readonly sha256: string | null; readonly faults: readonly string[] }> {
  const { scene, stage, lines } = facts;
  const refused = lines.flatMap((line) =>
    'state' in line && line.state === 'refused'
      ? [`${line.machine} was refused: ${JSON.stringify(line)}`]
      : [],
  );
  const sha256 = scene.work === 'upscale' ? await hashFile(facts.output).catch(() => null) : null;
  const faults = [
    ...refused,
    ...(scene.work === 'upscale' ? await checkVideo(facts, sha256) : await checkPrompts(facts)),
    ...(await checkResults(stage)),
    ...(stage.queue === null ? [] : await checkQueue(stage.queue)),
    ...(await checkProcesses(facts)),
  ];
  return { sha256, faults };
}

async function checkVideo(
  { output, sha256: wanted }: FarmSceneFacts,
  found: string | null,
): Promise<string[]> {
  const left = (await readdir(dirname(output))).filter((name) => name !== basename(output));
  const faults = left.length === 0 ? [] : [`beside the output lies ${left.join(', ')}`];
  if (found === null) faults.push('there is no output');
  if (wanted !== null && found !== wanted) faults.push(`the output is ${found} instead of ${wanted}`);
  return faults;
}

async function checkPrompts({ cli, stats, records, stage }: FarmSceneFacts): Promise<string[]> {
  const specs = taskCounts.prompts;
  const faults = await checkCampaign({ cli, stats, kills: records }, { specs, writesBack: false });
  return [...faults, ...(await checkAskedLate(cli, stats, stage))];
}

/** No request for a prompt comes when its result has stood for a while. */
async function checkAskedLate(cli: Cli, stats: StandInStats, stage: FarmStage): Promise<string[]> {
  const firstMs = new Map<string, number>();
  for (const { key, atMs } of await standingResults(stage))
    firstMs.set(key, Math.min(atMs, firstMs.get(key) ?? Number.POSITIVE_INFINITY));
  const faults: string[] = [];
  for (let index = 0; index < taskCounts.prompts; index++) {
    const path = join(cli.outputFolder, `shot_${index}`, 's.json');
    const text = await readFile(path, 'utf8').catch(() => null);
    const key: string = text === null ? '' : JSON.parse(text).metadata.upsampling.task_key;
    const stoodMs = firstMs.get(key);
    if (stoodMs === undefined) continue;
    for (const [at, ask] of stats.asks.entries()) {
      const lateMs = performance.timeOrigin + (stats.arrivalsMs[at] ?? 0) - stoodMs;
      if (ask.text.includes(markerOf(index)) && lateMs > onTheWayMs)
        faults.push(`${markerOf(index)} was asked ${Math.round(lateMs)} ms after its result stood`);
    }
  }
  return faults;
}

/** What stands under a final name is whole. */
async function checkResults(stage: FarmStage): Promise<string[]> {
  const faults: string[] = [];
  for (const folder of await stage.resultFolders()) {
    for (const name of await readdir(folder).catch(() => [])) {
      if (!name.endsWith('.json')) continue;
      const result = taskResultSchema.safeParse(JSON.parse(await readFile(join(folder, name), 'utf8'))).data;
      if (!result) faults.push(`${name} is no result`);
      else if (result.status === 'failed') faults.push(`${name} failed: ${JSON.stringify(result.error)}`);
      const segment = join(dirname(folder), 'segments', `${result?.task_key}.mp4`);
      const found = result?.segment ? await hashFile(segment).catch(() => null) : null;
      if (found !== null && found !== result?.segment?.sha256) faults.push(`${segment} is not what was made`);
    }
  }
  return faults;
}

/** Nothing of a finished run stays in Redis, and workers leave when they are asked to. */
async function checkQueue(stage: QueueStage): Promise<string[]> {
  const faults: string[] = [];
  const isClear = async () => Object.values(await stage.openJobs()).every((count) => count === 0);
  if (!(await soon(isClear))) faults.push(`in Redis is left ${JSON.stringify(await stage.openJobs())}`);
  const leaving = Promise.all(stage.machines.map((name) => stage.rig.stopWorker(name)));
  const hasLeft = await Promise.race([leaving.then(() => true), delay(endPatienceMs, false, { ref: false })]);
  if (!hasLeft) faults.push('a worker does not leave');
  return faults;
}

async function checkProcesses({ mark }: FarmSceneFacts): Promise<string[]> {
  const left = async () =>
    (await processesOf(mark)).filter(({ kind }) => kind === 'ffmpeg' || kind === 'worker');
  if (await soon(async () => (await left()).length === 0)) return [];
  return [`processes are left over: ${JSON.stringify(await left())}`];
}

async function soon(isTrue: () => Promise<boolean>): Promise<boolean> {
  const deadlineMs = performance.now() + endPatienceMs;
  while (!(await isTrue())) {
    if (performance.now() > deadlineMs) return false;
    await delay(50);
  }
  return true;
}
