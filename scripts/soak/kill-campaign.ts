import { mkdtemp, readdir, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { makeClip } from '../../test/support/clips.ts';
import { Cli, type CliProcess } from '../../test/support/run-cli.ts';
import { sampleSpec, writeSpecs } from '../../test/support/spec-builder.ts';
import { type StandIn, startStandInServer } from '../../test/support/stand-in-server.ts';
import { checkCampaign, markerOf } from './check-campaign.ts';
import {
  type CampaignOptions,
  type KillRecord,
  type KillTarget,
  killWorker,
  nextKill,
  publishedKeys,
  runsOnHost,
} from './kill-plan.ts';

/** How a campaign went. Empty `faults`: as it must. */
export interface CampaignResult {
  readonly kills: readonly KillRecord[];
  readonly asks: number;
  readonly starts: number;
  readonly faults: readonly string[];
}

const slots = 4;

/** Runs one campaign in a folder of its own; the folder is kept when something is wrong. */
export async function runCampaign(options: CampaignOptions): Promise<CampaignResult> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'cosmos-kills-')));
  const server = await startStandInServer({ slots, latencyMs: options.latencyMs });
  const campaign = new Campaign(options, new Cli(folder), server);
  try {
    const result = await campaign.run();
    if (result.faults.length === 0) await rm(folder, { recursive: true, force: true });
    return result.faults.length === 0
      ? result
      : { ...result, faults: [...result.faults, `all of it lies in ${folder}`] };
  } finally {
    await campaign.end();
    await server.stop();
  }
}

class Campaign {
  readonly #options: CampaignOptions;
  readonly #cli: Cli;
  readonly #server: StandIn;
  readonly #kills: KillRecord[] = [];
  readonly #faults: string[] = [];
  #starts = 0;

  constructor(options: CampaignOptions, cli: Cli, server: StandIn) {
    this.#options = options;
    this.#cli = cli;
    this.#server = server;
  }

  async run(): Promise<CampaignResult> {
    await writeInputs(join(this.#cli.workingFolder, 'specs'), this.#options.specs);
    // More sessions than kills are only needed when something else is wrong.
    for (let session = 0; session < this.#options.kills + 3; session++) {
      if (await this.#sit()) break;
      if (this.#faults.length > 0) break;
    }
    const facts = { cli: this.#cli, stats: this.#server.stats, kills: this.#kills };
    if (this.#faults.length === 0) this.#faults.push(...(await checkCampaign(facts, this.#options)));
    const asks = this.#server.stats.asks.length;
    return { kills: this.#kills, asks, starts: this.#starts, faults: this.#faults };
  }

  /** Leaves no worker behind. */
  async end(): Promise<void> {
    for (const runId of await runsOnHost(this.#cli.hostRoot)) await killWorker(this.#cli.hostRoot, runId);
  }

  /** One life of the program; true when it ended as a finished run does. */
  async #sit(): Promise<boolean> {
    const cli = await this.#start();
    let isOver = false;
    void cli.ended.then(() => {
      isOver = true;
    });
    const giveUpMs = performance.now() + 120_000;
    while (!isOver && this.#kills.length < this.#options.kills) {
      const { target, waitMs } = nextKill(this.#options.random01, this.#options.longestWaitMs);
      await Promise.race([delay(waitMs), cli.ended]);
      if (!isOver) await this.#kill(target, cli);
      if (target !== 'worker') break;
    }
    const timer = setTimeout(() => cli.child.kill('SIGTERM'), Math.max(0, giveUpMs - performance.now()));
    const { code, signal, stderr } = await cli.ended;
    clearTimeout(timer);
    if (signal === 'SIGKILL') return false;
    if (code !== 0) this.#faults.push(`the program ended with ${code ?? signal}: ${stderr.slice(-2000)}`);
    return code === 0;
  }

  async #start(): Promise<CliProcess> {
    this.#starts += 1;
    const kept = await readdir(this.#cli.checkpointFolder, { recursive: true }).catch(() => []);
    const isBegun = kept.some((name) => basename(name) === 'checkpoint.json');
    const engine = ['--engine', 'openai', '--base-url', this.#server.baseUrl, '--model', 'stand-in'];
    return await this.#cli.start([
      'batch-upsample',
      ...(isBegun
        ? ['--resume', 'latest']
        : ['specs', ...engine, ...(this.#options.writesBack ? ['--write-back'] : [])]),
      '--no-progress',
    ]);
  }

  async #kill(target: KillTarget, cli: CliProcess): Promise<void> {
    const [runId] = await runsOnHost(this.#cli.hostRoot);
    if (target !== 'worker') cli.child.kill('SIGKILL');
    const isWorkerHit =
      target !== 'cli' && runId !== undefined && (await killWorker(this.#cli.hostRoot, runId));
    if (target === 'worker' && !isWorkerHit) return;
    // Requests of the dead that were still on their way arrive before what they are counted against.
    await delay(20);
    const asked = this.#server.stats.asks.length;
    const published =
      runId === undefined ? new Set<string>() : await publishedKeys(this.#cli.hostRoot, runId);
    this.#kills.push({ target, published, asked });
  }
}

/** Specs with marked prompts over four clips. */
export async function writeInputs(folder: string, count: number): Promise<void> {
  const clips = ['a.mp4', 'b.mp4', 'c.mp4', 'd.mp4'];
  for (const [seed, name] of clips.entries()) {
    await makeClip(join(folder, 'clips', name), { width: 640, height: 360, seed: seed + 1 });
  }
  const specs = Array.from({ length: count }, (_, index) => {
    const prompt = `${markerOf(index)}: a robot sorts parcels on line ${index}`;
    const video = `clips/${clips[index % clips.length]}`;
    return [
      `shot_${index}/s.json`,
      sampleSpec({ name: `s${index}`, prompt, input_video_path: video }),
    ] as const;
  });
  await writeSpecs(folder, Object.fromEntries(specs));
}
