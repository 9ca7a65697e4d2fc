import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { taskResultSchema } from '../../src/protocol/task-result.ts';
import type { DockerEngine } from '../../test/support/lab/docker-engine.ts';
import type { LabFacts } from '../../test/support/lab/lab.ts';
import { createRemoteStage, type RemoteStage, type Sections } from '../../test/support/lab/remote-stage.ts';
import type { CliProcess } from '../../test/support/run-cli.ts';
import { SmallDisk } from '../../test/support/small-disk.ts';
import { type StandIn, startStandInServer } from '../../test/support/stand-in-server.ts';
import { checkCampaign } from './check-campaign.ts';
import { faults, nextFault } from './fault-plan.ts';
import { type CampaignResult, writeInputs } from './kill-campaign.ts';
import { type KillRecord, publishedKeys, runsOnHost } from './kill-plan.ts';

/** One run on a host, from nothing to its end, with faults on the way. */
export interface FaultCampaignOptions {
  /** At most so many faults; then the run is left alone. */
  readonly faults: number;
  readonly specs: number;
  readonly latencyMs: number;
  readonly random01: () => number;
}

const slots = 4;
const diskMb = 48;

/** How long a program may take once nothing disturbs it any more, in milliseconds. */
const restTimeoutMs = 180_000;

/** What is done on a host that is disturbed. */
export interface DisturbedWork {
  readonly sections: Sections;
  /** Writes the inputs, and makes the host ready. */
  prepare(stage: RemoteStage): Promise<void>;
  /** Arguments that begin the run, and that go on with it. */
  readonly begin: readonly string[];
  readonly resume: readonly string[];
  /** Exit codes of a session that may end before the run does. */
  readonly foreseenCodes: readonly number[];
  /** How many pieces of work were begun by now. */
  asked(stage: RemoteStage): Promise<number>;
  /** What is wrong with a finished run. */
  check(stage: RemoteStage, records: readonly KillRecord[]): Promise<string[]>;
  readonly faults: typeof faults;
}

/** Runs one campaign; the lab's engine is restarted and killed on the way. */
export async function runFaultCampaign(
  lab: { readonly facts: LabFacts; readonly engine: DockerEngine },
  options: FaultCampaignOptions,
): Promise<CampaignResult> {
  const server = await startStandInServer({ slots, latencyMs: options.latencyMs });
  try {
    return await disturb(lab, promptsOf(server, options.specs), options);
  } finally {
    await server.stop();
  }
}

/** Does the work on a host of its own, and disturbs it. */
export async function disturb(
  lab: { readonly facts: LabFacts; readonly engine: DockerEngine },
  work: DisturbedWork,
  options: Pick<FaultCampaignOptions, 'faults' | 'random01'>,
): Promise<CampaignResult> {
  await using stage = await createRemoteStage(lab.facts, { sections: work.sections });
  using disk = new SmallDisk(stage.root, diskMb);
  try {
    return await new FaultCampaign(options, work, { stage, disk, engine: lab.engine }).run();
  } finally {
    stage.network.heal();
  }
}

function promptsOf(server: StandIn, specs: number): DisturbedWork {
  const engine = ['--engine', 'openai', '--base-url', server.baseUrl, '--model', 'stand-in'];
  return {
    sections: {
      'hosts.gpu1': { network: 'host' },
      'upsampling.engine': { concurrency: slots },
      retry: { max_outage_s: 60 },
    },
    prepare: async ({ cli }) => await writeInputs(join(cli.workingFolder, 'specs'), specs),
    begin: ['batch-upsample', 'specs', '--host', 'gpu1', ...engine],
    resume: ['batch-upsample', '--resume', 'latest'],
    foreseenCodes: [],
    asked: async () => server.stats.asks.length,
    check: async ({ cli }, kills) =>
      await checkCampaign({ cli, stats: server.stats, kills }, { specs, writesBack: false }),
    faults,
  };
}

interface Parts {
  readonly stage: RemoteStage;
  readonly disk: SmallDisk;
  readonly engine: DockerEngine;
}

class FaultCampaign {
  readonly #options: Pick<FaultCampaignOptions, 'faults' | 'random01'>;
  readonly #work: DisturbedWork;
  readonly #parts: Parts;
  readonly #records: KillRecord[] = [];
  readonly #faults: string[] = [];
  /** Inode of each result when it was first seen: a result that is published again has another one. */
  readonly #inodes = new Map<string, number>();
  #starts = 0;

  constructor(options: Pick<FaultCampaignOptions, 'faults' | 'random01'>, work: DisturbedWork, parts: Parts) {
    this.#options = options;
    this.#work = work;
    this.#parts = parts;
  }

  async run(): Promise<CampaignResult> {
    const { stage } = this.#parts;
    await this.#work.prepare(stage);
    for (let session = 0; session < this.#options.faults + 4; session++) {
      if ((await this.#sit()) || this.#faults.length > 0) break;
    }
    if (this.#faults.length === 0) {
      this.#faults.push(...(await this.#work.check(stage, this.#records)));
      await this.#noteResults();
    }
    return {
      kills: this.#records,
      asks: await this.#work.asked(stage),
      starts: this.#starts,
      faults: this.#faults,
    };
  }

  /** One life of the program; true when it ended as a finished run does. */
  async #sit(): Promise<boolean> {
    const { stage, disk, engine } = this.#parts;
    const cli = await this.#start();
    let isOver = false;
    void cli.ended.then(() => {
      isOver = true;
    });
    while (!isOver && this.#records.length < this.#options.faults) {
      const { name, waitMs } = nextFault(this.#options.random01, this.#work.faults);
      await Promise.race([delay(waitMs), cli.ended]);
      if (isOver) break;
      const fault = this.#work.faults[name]?.({ stage, disk, engine, cli }, this.#options.random01);
      await this.#record(name);
      await fault;
    }
    const timer = setTimeout(() => cli.child.kill('SIGKILL'), restTimeoutMs);
    const startedMs = performance.now();
    const { code, signal, stderr } = await cli.ended;
    clearTimeout(timer);
    if (performance.now() - startedMs >= restTimeoutMs)
      this.#faults.push(`the program hangs: ${stderr.slice(-2000)}`);
    // 4: the host was away for too long; 1: its disk was full; 143: asked to stop. All say how to go on.
    // A signal ends the program without a word in the moment before it listens to signals.
    const isSilent = signal === 'SIGKILL' || (signal === 'SIGTERM' && stderr === '');
    const isForeseen = isSilent || [0, 1, 4, 143, ...this.#work.foreseenCodes].includes(code ?? -1);
    const isSaid = code === 0 || isSilent || /resume|cosmos attach|Nothing was started/.test(stderr);
    if (!isForeseen || !isSaid || /^\s+at /m.test(stderr))
      this.#faults.push(`the program ended with ${code ?? signal}: ${stderr.slice(-3000)}`);
    return code === 0;
  }

  async #start(): Promise<CliProcess> {
    this.#starts += 1;
    const { stage } = this.#parts;
    const kept = await readdir(stage.cli.checkpointFolder, { recursive: true }).catch(() => []);
    const isBegun = kept.some((name) => basename(name) === 'checkpoint.json');
    const args = isBegun ? this.#work.resume : this.#work.begin;
    return await stage.cli.start([...args, '--no-progress']);
  }

  async #record(target: string): Promise<void> {
    const { stage } = this.#parts;
    // Requests that were on their way arrive before what they are counted against.
    await delay(20);
    const asked = await this.#work.asked(stage);
    const [runId] = await runsOnHost(stage.root);
    const published = runId === undefined ? new Set<string>() : await publishedKeys(stage.root, runId);
    this.#records.push({ target, published, asked });
    await this.#noteResults();
  }

  async #noteResults(): Promise<void> {
    for (const runId of await runsOnHost(this.#parts.stage.root)) {
      const folder = join(this.#parts.stage.root, 'runs', runId, 'results');
      for (const name of await readdir(folder).catch(() => [])) {
        if (!name.endsWith('.json')) continue;
        // A failure is tried again when its run is resumed.
        const result = taskResultSchema.safeParse(JSON.parse(await readFile(join(folder, name), 'utf8')));
        if (result.data?.status !== 'ok') continue;
        const { ino } = await stat(join(folder, name));
        if ((this.#inodes.get(name) ?? ino) !== ino) this.#faults.push(`${name} was published twice`);
        this.#inodes.set(name, ino);
      }
    }
  }
}
