import { cp, mkdir, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { FarmClientOptions } from '../../test/support/farm-client.ts';
import { Cli } from '../../test/support/run-cli.ts';
import type { StandIn } from '../../test/support/stand-in-server.ts';
import { checkFarmScene } from './check-farm-scene.ts';
import { busyMachine, FarmDisturber } from './farm-disturber.ts';
import { type FarmFault, type FarmScene, type PlannedFarmFault, taskCounts } from './farm-fault-plan.ts';
import {
  type FarmClient,
  type FarmLine,
  type FarmStage,
  PoolStage,
  QueueStage,
  standingResults,
  startFarmClient,
} from './farm-stage.ts';
import type { KillRecord } from './kill-plan.ts';

/** What all scenes of a campaign have in common. */
export interface FarmInputs {
  readonly film: string;
  /** Of the film, upscaled without a fault; null while that is found out. */
  readonly sha256: string | null;
  /** A folder of specs. */
  readonly specs: string;
  startServer(): Promise<StandIn>;
  /** How long a machine may be silent before others do its work, in milliseconds. */
  readonly copyAfterMs: number;
  /** Every process of the campaign carries it. */
  readonly mark: string;
}

/** How a scene went. Empty `faults`: as it must. */
export interface FarmSceneResult {
  readonly scene: FarmScene;
  /** Faults that met something, by kind. */
  readonly met: readonly FarmFault[];
  readonly sessions: number;
  readonly asks: number;
  readonly sha256: string | null;
  readonly wallMs: number;
  readonly faults: readonly string[];
}

/** A session that takes longer hangs. */
const sessionPatienceMs = 120_000;
/** How long machines may take without their client, once nothing disturbs them any more. */
const alonePatienceMs = 90_000;
/** Without progress for so long, the client comes back although not everything is done. */
const standstillMs = 5_000;
const pollMs = 20;
const names = ['a', 'b', 'c'];

/** Plays one scene in a folder of its own, which is kept when something is wrong. */
export async function playFarmScene(scene: FarmScene, inputs: FarmInputs): Promise<FarmSceneResult> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'cf-')));
  const machines = names.slice(0, scene.machines);
  const keepsLog = scene.faults.some(({ kind }) => kind === 'Redis restarted with its log');
  await using server = await serverOf(inputs);
  await using stage =
    scene.place === 'queue'
      ? await QueueStage.start(machines, keepsLog)
      : new PoolStage(folder, machines, inputs.copyAfterMs);
  const player = new ScenePlayer(scene, inputs, { folder, stage, server: server.standIn });
  const result = await player.play();
  if (result.faults.length === 0) await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  else if (scene.place === 'queue') await cp(player.storeFolder, join(folder, 'store'), { recursive: true });
  return result.faults.length === 0
    ? result
    : { ...result, faults: [...result.faults, `all of it lies in ${folder}`] };
}

async function serverOf(inputs: FarmInputs): Promise<AsyncDisposable & { readonly standIn: StandIn }> {
  const standIn = await inputs.startServer();
  return { standIn, [Symbol.asyncDispose]: () => standIn.stop() };
}

interface Parts {
  readonly folder: string;
  readonly stage: FarmStage;
  readonly server: StandIn;
}

class ScenePlayer {
  readonly #scene: FarmScene;
  readonly #inputs: FarmInputs;
  readonly #parts: Parts;
  readonly #cli: Cli;
  readonly #output: string;
  readonly #faults: string[] = [];
  readonly #met: FarmFault[] = [];
  readonly #records: KillRecord[] = [];
  readonly #lines: FarmLine[] = [];
  #client: FarmClient | null = null;
  #sessions = 0;
  #isOver = false;
  /** Redis lost its jobs: nobody adds them again until the client is back. */
  #isEmptied = false;
  /** Redis, or the way to it, was away since the session began. */
  #wasAway = false;
  readonly #disturber: FarmDisturber;

  constructor(scene: FarmScene, inputs: FarmInputs, parts: Parts) {
    this.#scene = scene;
    this.#inputs = inputs;
    this.#parts = parts;
    this.#cli = new Cli(join(parts.folder, 'client'));
    this.#disturber = new FarmDisturber({
      ...{ stage: parts.stage, lines: this.#lines },
      clientPid: () => this.#client?.child.pid ?? null,
      until: (isTrue) => this.#until(isTrue),
      noteAway: () => {
        this.#wasAway = true;
      },
      noteEmptied: () => {
        this.#isEmptied = true;
      },
    });
    this.#output =
      scene.work === 'upscale' ? join(parts.folder, 'client', 'out', 'larger.mp4') : this.#cli.outputFolder;
  }

  get storeFolder(): string {
    return this.#parts.stage.queue?.rig.folder ?? this.#parts.folder;
  }

  async play(): Promise<FarmSceneResult> {
    const startedMs = performance.now();
    await mkdir(join(this.#parts.folder, 'client', 'out'), { recursive: true });
    await cp(this.#inputs.specs, join(this.#cli.workingFolder, 'specs'), { recursive: true });
    const faults = this.#scene.faults.map((fault) => this.#disturb(fault));
    await this.#sit();
    this.#isOver = true;
    await Promise.all(faults);
    const { scene } = this;
    const end = {
      scene,
      met: this.#met,
      sessions: this.#sessions,
      asks: this.#parts.server.stats.asks.length,
    };
    const checked = await checkFarmScene({
      ...{ scene, stage: this.#parts.stage, cli: this.#cli, stats: this.#parts.server.stats },
      ...{ records: this.#records, lines: this.#lines, output: this.#output },
      ...{ sha256: this.#inputs.sha256, mark: this.#inputs.mark },
    });
    return {
      ...end,
      sha256: checked.sha256,
      wallMs: performance.now() - startedMs,
      faults: [...this.#faults, ...checked.faults],
    };
  }

  get scene(): FarmScene {
    return this.#scene;
  }

  /** Lives of the client, until the run is complete. */
  async #sit(): Promise<void> {
    let isLeft = this.#scene.isLeft;
    const most = this.#scene.faults.length + 4;
    while (this.#sessions < most && this.#faults.length === 0) {
      this.#sessions += 1;
      this.#wasAway = false;
      this.#client = startFarmClient(this.#optionsOf(isLeft), (line) => this.#lines.push(line));
      const { end, signal, stderr } = await this.#ended(this.#client);
      this.#client = null;
      if (signal === 'SIGKILL') await delay(this.#scene.awayMs);
      else if (end?.status === 'complete') return;
      else if (end?.status === 'detached' && isLeft) {
        await this.#waitAlone();
        isLeft = false;
      } else if (end?.code !== 'host-unreachable' || !this.#wasAway)
        this.#faults.push(
          `the client ended with ${JSON.stringify(end)} ${signal ?? ''}: ${stderr.slice(-2000)}`,
        );
    }
    if (this.#faults.length === 0) this.#faults.push(`the run is not complete after ${most} sessions`);
  }

  #optionsOf(isLeft: boolean): FarmClientOptions {
    const { stage, server } = this.#parts;
    const output = this.#output;
    const work: FarmClientOptions['work'] =
      this.#scene.work === 'upscale'
        ? { kind: 'upscale', input: this.#inputs.film, output }
        : { kind: 'prompts', specs: join(this.#cli.workingFolder, 'specs'), output, baseUrl: server.baseUrl };
    return { folder: this.#cli.workingFolder, place: stage.place, work, isLeft };
  }

  async #ended({ child, ended }: FarmClient) {
    const timer = setTimeout(() => {
      this.#faults.push('a session hangs');
      child.kill('SIGKILL');
    }, sessionPatienceMs);
    return await ended.finally(() => clearTimeout(timer));
  }

  /** The machines work without their client, until all is done or nothing moves without it. */
  async #waitAlone(): Promise<void> {
    const { queue } = this.#parts.stage;
    const { work } = this.#scene;
    const deadlineMs = performance.now() + alonePatienceMs;
    let [count, sinceMs] = [-1, performance.now()];
    while (performance.now() < deadlineMs) {
      const standing = (await standingResults(this.#parts.stage)).length;
      const isDone = queue && work === 'upscale' ? await queue.isFinal() : standing >= taskCounts[work];
      if (isDone) return;
      if (standing !== count) [count, sinceMs] = [standing, performance.now()];
      // In a pool it is the client that starts a killed machine's work again; Redis without its jobs waits for it too.
      if ((queue === null || this.#isEmptied) && performance.now() - sinceMs > standstillMs) return;
      await delay(pollMs);
    }
    this.#faults.push('the work did not come to its end while the client was away');
  }

  /** Waits for the moment of a fault, and has it happen. */
  async #disturb(fault: PlannedFarmFault): Promise<void> {
    const { afterResults, waitMs } = fault;
    await this.#until(async () => (await standingResults(this.#parts.stage)).length >= afterResults);
    await this.#until(async () => (await busyMachine(this.#parts.stage, fault)) !== null);
    await delay(waitMs);
    if (this.#isOver) return;
    await this.#record(fault.kind);
    if (await this.#disturber.play(fault)) this.#met.push(fault.kind);
    await this.#record(`end of ${fault.kind}`);
  }

  async #record(target: string): Promise<void> {
    // Requests that were on their way arrive before what they are counted against.
    await delay(pollMs);
    const asked = this.#parts.server.stats.asks.length;
    const published = new Set((await standingResults(this.#parts.stage)).map(({ key }) => key));
    this.#records.push({ target, published, asked });
  }

  /** Waits until it is so, or the scene is over. */
  async #until(isTrue: () => Promise<boolean>): Promise<void> {
    while (!this.#isOver && this.#faults.length === 0 && !(await isTrue())) await delay(pollMs);
  }
}
