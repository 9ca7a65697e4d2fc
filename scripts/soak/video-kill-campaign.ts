import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { Cli, type CliProcess } from '../../test/support/run-cli.ts';
import { markedEnvironment, processesOf } from '../bench/support/run-processes.ts';
import { killOf, nextVideoKill, type VideoKillTarget } from './video-kill-plan.ts';

/** One run of a command that makes a video of a video, from nothing to its end, with kills on the way. */
export interface VideoCampaignOptions {
  /** The command and its options. */
  readonly command: readonly [string, ...string[]];
  readonly source: string;
  /** Name of the finished video; its ending chooses the container. */
  readonly outputName: string;
  /** The video as it is without kills. */
  readonly sha256: string | null;
  /** At most so many kills; then the run is left alone. */
  readonly kills: number;
  readonly longestWaitMs: number;
  readonly random01: () => number;
}

/** How a campaign went. Empty `faults`: as it must. */
export interface VideoCampaignResult {
  readonly kills: readonly VideoKillTarget[];
  readonly starts: number;
  /** Exit codes, other than 0, of sessions in which something was killed. */
  readonly exitCodes: readonly number[];
  readonly sha256: string;
  readonly wallMs: number;
  readonly faults: readonly string[];
}

/** How long processes may go on that lost the one they worked for. */
const orphanPatienceMs = 15_000;
/** A session that takes longer hangs. */
const sittingPatienceMs = 300_000;

/** Runs one campaign in a folder of its own; the folder is kept when something is wrong. */
export async function runVideoCampaign(options: VideoCampaignOptions): Promise<VideoCampaignResult> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'cosmos-video-kills-')));
  const campaign = new VideoCampaign(options, folder);
  try {
    const result = await campaign.run();
    if (result.faults.length > 0)
      return { ...result, faults: [...result.faults, `all of it lies in ${folder}`] };
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    return result;
  } finally {
    await campaign.end();
  }
}

class VideoCampaign {
  readonly #options: VideoCampaignOptions;
  readonly #mark = randomUUID();
  readonly #cli: Cli;
  readonly #outputFolder: string;
  readonly #output: string;
  readonly #kills: VideoKillTarget[] = [];
  readonly #exitCodes: number[] = [];
  readonly #faults: string[] = [];
  #starts = 0;

  constructor(options: VideoCampaignOptions, folder: string) {
    this.#options = options;
    this.#cli = new Cli(folder, markedEnvironment({}, this.#mark));
    this.#outputFolder = join(folder, 'output');
    this.#output = join(this.#outputFolder, options.outputName);
  }

  async run(): Promise<VideoCampaignResult> {
    const startMs = performance.now();
    await mkdir(this.#outputFolder);
    let isDone = false;
    // More sessions than kills are only needed when something else is wrong.
    for (let session = 0; session < this.#options.kills + 3 && !isDone; session++) {
      isDone = await this.#sit();
      if (this.#faults.length > 0) break;
    }
    const wallMs = performance.now() - startMs;
    if (!isDone) this.#faults.push('the run did not come to its end');
    await this.#checkEnd();
    return {
      kills: this.#kills,
      starts: this.#starts,
      exitCodes: this.#exitCodes,
      sha256: (await sha256Of(this.#output)) ?? '',
      wallMs,
      faults: this.#faults,
    };
  }

  /** Leaves no process behind. */
  async end(): Promise<void> {
    await killOf('everything', this.#mark, Math.random);
  }

  /** One life of the program; true when it ended as a finished run does. */
  async #sit(): Promise<boolean> {
    const { kills, random01, longestWaitMs } = this.#options;
    const cli = await this.#start();
    const killsBefore = this.#kills.length;
    let isOver = false;
    void cli.ended.then(() => {
      isOver = true;
    });
    while (!isOver && this.#kills.length < kills) {
      const { target, waitMs } = nextVideoKill(random01, longestWaitMs);
      await Promise.race([delay(waitMs), cli.ended]);
      if (isOver || !(await killOf(target, this.#mark, random01))) continue;
      this.#kills.push(target);
      await this.#checkOutput(`after kill ${this.#kills.length} (${target})`);
      if (target === 'program' || target === 'everything') break;
    }
    return await this.#judgeEnd(cli, this.#kills.length > killsBefore);
  }

  async #judgeEnd(cli: CliProcess, wasHit: boolean): Promise<boolean> {
    const timer = setTimeout(() => {
      this.#faults.push('a session hangs');
      cli.child.kill('SIGKILL');
    }, sittingPatienceMs);
    const { code, signal, stderr } = await cli.ended;
    clearTimeout(timer);
    if (code === null && signal === 'SIGKILL') return false;
    if (code === 0) return true;
    // Whoever kills what a session needs may have it end; it has to be resumed then.
    if (wasHit && code !== null) this.#exitCodes.push(code);
    else this.#faults.push(`the program ended with ${code ?? signal}: ${stderr.slice(-2000)}`);
    return false;
  }

  async #start(): Promise<CliProcess> {
    this.#starts += 1;
    const kept = await readdir(this.#cli.checkpointFolder, { recursive: true }).catch(() => []);
    const isBegun = kept.some((name) => basename(name) === 'checkpoint.json');
    const { command, source } = this.#options;
    const asked = isBegun ? [command[0], '--resume', 'latest'] : [...command, source, '-o', this.#output];
    return await this.#cli.start([...asked, '--no-progress']);
  }

  /** Nothing stands under the final name unless it is the whole video. */
  async #checkOutput(when: string): Promise<void> {
    const { sha256: wanted } = this.#options;
    const found = await sha256Of(this.#output);
    if (found !== null && wanted !== null && found !== wanted)
      this.#faults.push(`${when} the output is ${found} instead of ${wanted}`);
  }

  async #checkEnd(): Promise<void> {
    if ((await sha256Of(this.#output)) === null) this.#faults.push('there is no output at the end');
    await this.#checkOutput('at the end');
    const left = (await readdir(this.#outputFolder)).filter((name) => name !== basename(this.#output));
    if (left.length > 0) this.#faults.push(`beside the output lies ${left.join(', ')}`);
    const deadlineMs = performance.now() + orphanPatienceMs;
    const orphans = async () => (await processesOf(this.#mark)).filter(({ kind }) => kind === 'ffmpeg');
    while ((await orphans()).length > 0) {
      if (performance.now() > deadlineMs) {
        this.#faults.push(`${(await orphans()).length} ffmpegs are left over`);
        return;
      }
      await delay(100);
    }
  }
}

/** Null where there is no such file. */
async function sha256Of(path: string): Promise<string | null> {
  const hash = createHash('sha256');
  try {
    await pipeline(createReadStream(path), hash);
    return hash.digest('hex');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}
