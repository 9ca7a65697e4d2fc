import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { taskResultSchema } from '../../src/protocol/task-result.ts';
import type { DockerEngine } from '../../test/support/lab/docker-engine.ts';
import type { LabFacts } from '../../test/support/lab/lab.ts';
import { createRemoteStage, type RemoteStage } from '../../test/support/lab/remote-stage.ts';
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

/** Runs one campaign; the lab's engine is restarted and killed on the way. */
export async function runFaultCampaign(
  lab: { readonly facts: LabFacts; readonly engine: DockerEngine },
  options: FaultCampaignOptions,
): Promise<CampaignResult> {
  const server = await startStandInServer({ slots, latencyMs: options.latencyMs });
  await using stage = await createRemoteStage(lab.facts, {
    sections: {
      'hosts.gpu1': { network: 'host' },
      'upsampling.engine': { concurrency: slots },
      retry: { max_outage_s: 60 },
    },
  });
  using disk = new SmallDisk(stage.root, diskMb);
  try {
    return await new FaultCampaign(options, { stage, disk, engine: lab.engine, server }).run();
  } finally {
    stage.network.heal();
    await server.stop();
  }
}

interface Parts {
  readonly stage: RemoteStage;
  readonly disk: SmallDisk;
  readonly engine: DockerEngine;
  readonly server: StandIn;
}

class FaultCampaign {
  readonly #options: FaultCampaignOptions;
  readonly #parts: Parts;
  readonly #records: KillRecord[] = [];
  readonly #faults: string[] = [];
  /** Inode of each result when it was first seen: a result that is published again has another one. */
  readonly #inodes = new Map<string, number>();
  #starts = 0;

  constructor(options: FaultCampaignOptions, parts: Parts) {
    this.#options = options;
    this.#parts = parts;
  }

  async run(): Promise<CampaignResult> {
    const { stage, server } = this.#parts;
    await writeInputs(join(stage.cli.workingFolder, 'specs'), this.#options.specs);
    for (let session = 0; session < this.#options.faults + 4; session++) {
      if ((await this.#sit()) || this.#faults.length > 0) break;
    }
    const facts = { cli: stage.cli, stats: server.stats, kills: this.#records };
    if (this.#faults.length === 0) {
      this.#faults.push(...(await checkCampaign(facts, { specs: this.#options.specs, writesBack: false })));
      await this.#noteResults();
    }
    return {
      kills: this.#records,
      asks: server.stats.asks.length,
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
      const { name, waitMs } = nextFault(this.#options.random01);
      await Promise.race([delay(waitMs), cli.ended]);
      if (isOver) break;
      const fault = faults[name]?.({ stage, disk, engine, cli }, this.#options.random01);
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
    const isForeseen = isSilent || [0, 1, 4, 143].includes(code ?? -1);
    const isSaid = code === 0 || isSilent || /resume|cosmos attach|Nothing was begun/.test(stderr);
    if (!isForeseen || !isSaid || /^\s+at /m.test(stderr))
      this.#faults.push(`the program ended with ${code ?? signal}: ${stderr.slice(-3000)}`);
    return code === 0;
  }

  async #start(): Promise<CliProcess> {
    this.#starts += 1;
    const { stage, server } = this.#parts;
    const kept = await readdir(stage.cli.checkpointFolder, { recursive: true }).catch(() => []);
    const isBegun = kept.some((name) => basename(name) === 'checkpoint.json');
    const engine = ['--engine', 'openai', '--base-url', server.baseUrl, '--model', 'stand-in'];
    const what = isBegun ? ['--resume', 'latest'] : ['specs', '--host', 'gpu1', ...engine];
    return await stage.cli.start(['batch-upsample', ...what, '--no-progress']);
  }

  async #record(target: string): Promise<void> {
    const { stage, server } = this.#parts;
    // Requests that were on their way arrive before what they are counted against.
    await delay(20);
    const asked = server.stats.asks.length;
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
