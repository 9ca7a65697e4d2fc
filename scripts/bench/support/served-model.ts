import { chmod, mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { LabFacts } from '../../../test/support/lab/lab.ts';
import type { RemoteStage } from '../../../test/support/lab/remote-stage.ts';
import { bundleVllm } from '../../../test/support/stand-in/bundle-program.ts';
import { withStage } from './remote-lab.ts';

/** How the stand-in for `vllm serve` behaves. */
export interface StandInTimes {
  readonly loadMs: number;
  /** Of each prompt. */
  readonly latencyMs: number;
}

const journalLineSchema = z.object({ event: z.enum(['start', 'ask']) });
const summarySchema = z.object({ counts: z.object({ upsampled: z.int() }) });
const tenMinutesMs = 600_000;

/** A host whose containers serve a stand-in for a model, as a user with weights in `models_dir` has it. */
export class ServedModel {
  readonly stage: RemoteStage;
  readonly lab: LabFacts;
  /** Holds the stand-in's program. */
  readonly modelsFolder: string;
  readonly #times: StandInTimes;

  constructor(stage: RemoteStage, lab: LabFacts, times: StandInTimes) {
    this.stage = stage;
    this.lab = lab;
    this.#times = times;
    this.modelsFolder = join(stage.folder, 'models');
  }

  /** Arguments and environment of the stand-in, the same ones for whoever starts it: `env` and what comes after it. */
  command(journal: string, port: string, slots: number): string[] {
    const { loadMs, latencyMs } = this.#times;
    return [
      ...['env', `STAND_IN_LOAD_MS=${loadMs}`, `STAND_IN_LATENCY_MS=${latencyMs}`],
      ...[`STAND_IN_JOURNAL=${journal}`, '/models/vllm', 'serve', 'stand-in/model', '--port', port],
      ...['--max-num-seqs', String(slots), '--limit-mm-per-prompt', '{"image":2}'],
    ];
  }

  /** Sets the program up for it. */
  async configure(options: { readonly slots: number; readonly offloadModels: boolean }): Promise<void> {
    await this.stage.configure({
      'hosts.gpu1': { models_dir: this.modelsFolder },
      'upsampling.docker': { offload_models: options.offloadModels },
      'upsampling.engine': {
        kind: 'openai',
        model: 'stand-in/model',
        concurrency: options.slots,
        command: this.command('/cosmos/cache/journal', '{port}', options.slots),
      },
    });
  }

  /** Removes the host's container and the stand-in's journal: the next run is a first one. */
  async makeCold(): Promise<void> {
    await this.stage.docker('rm', '--force', this.stage.container());
    await rm(join(this.stage.root, 'cache/journal'), { force: true });
  }

  /** Enriches everything in the folder `specs` on the host; gives milliseconds. @throws when any was not. */
  async upsample(prompts: number): Promise<number> {
    const start = performance.now();
    const { cli } = this.stage;
    const end = await cli.run(
      ['batch-upsample', 'specs', '--host', 'gpu1', '--force', '--json'],
      tenMinutesMs,
    );
    const wallMs = performance.now() - start;
    if (end.code !== 0) throw new Error(`cosmos ended with ${end.code}:\n${end.stderr.slice(-2000)}`);
    const { counts } = summarySchema.parse(JSON.parse(end.stdout));
    if (counts.upsampled !== prompts) throw new Error(`only ${counts.upsampled} were upsampled`);
    return wallMs;
  }

  /** How often the stand-in was started, and asked. */
  async journal(): Promise<{ readonly starts: number; readonly asks: number }> {
    const text = await readFile(join(this.stage.root, 'cache/journal'), 'utf8');
    const lines = text.trim().split('\n');
    const events = lines.map((line) => journalLineSchema.parse(JSON.parse(line)).event);
    return {
      starts: events.filter((event) => event === 'start').length,
      asks: events.filter((event) => event === 'ask').length,
    };
  }
}

/** Runs a benchmark with one; `models_dir` and everything above it may be read by all. */
export async function withServedModel<Result>(
  times: StandInTimes,
  work: (served: ServedModel) => Promise<Result>,
): Promise<Result> {
  return await withStage(async (stage, lab) => {
    const served = new ServedModel(stage, lab, times);
    await mkdir(served.modelsFolder);
    await bundleVllm(join(served.modelsFolder, 'vllm'));
    for (const path of [stage.folder, served.modelsFolder]) await chmod(path, 0o755);
    return await work(served);
  });
}
