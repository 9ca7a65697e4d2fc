import { mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { UpsampleSummary } from '../../src/core/upsample/upsample-summary.ts';
import { AppError } from '../../src/errors/app-error.ts';
import type { RunOutcome } from '../../src/services/runs/carry-out.ts';
import { batchUpsample } from '../../src/services/upsample/batch-upsample.ts';
import { makeClip } from '../../test/support/clips.ts';
import { MemoryHost } from '../../test/support/memory-host.ts';
import { sampleSpec, writeSpecs } from '../../test/support/spec-builder.ts';
import { createTestPorts, silent, testRunSettings } from '../../test/support/test-ports.ts';
import { resumeUpsample } from '../../test/support/upsample-runs.ts';

const names = ['a.json', 'b.json', 'c/d.json'];
const never = new AbortController().signal;

/** A small run that is complete, whose files can be cut off and which can then be resumed, as often as one likes. */
export class TruncationScene implements AsyncDisposable {
  readonly journal: Buffer;
  readonly checkpoint: Buffer;
  readonly #folder: string;
  readonly #host: MemoryHost;
  readonly #runId: string;
  readonly #outputs: readonly string[];

  private constructor(folder: string, host: MemoryHost, runId: string, files: readonly Buffer[]) {
    const [journal = Buffer.alloc(0), checkpoint = Buffer.alloc(0), ...outputs] = files;
    this.#folder = folder;
    this.#host = host;
    this.#runId = runId;
    this.journal = journal;
    this.checkpoint = checkpoint;
    this.#outputs = outputs.map((content) => content.toString('utf8'));
  }

  static async create(): Promise<TruncationScene> {
    const folder = await realpath(await mkdtemp(join(tmpdir(), 'cosmos-cut-')));
    await makeClip(join(folder, 'in', 'clip.mp4'), { width: 640, height: 360 });
    await writeSpecs(
      join(folder, 'in'),
      Object.fromEntries(names.map((name) => [name, sampleSpec({ name, prompt: `A shot called ${name}` })])),
    );
    const host = new MemoryHost();
    const settings = testRunSettings(folder, { upsampling: { batch_size: 2 } });
    const request = { inputs: [join(folder, 'in')], settings, excluded: [] };
    const { summary } = await batchUpsample(request, createTestPorts(folder, host), silent, never);
    const runFolder = join(folder, 'checkpoints', summary.run_id);
    const paths = [
      join(runFolder, 'journal.jsonl'),
      join(runFolder, 'checkpoint.json'),
      ...outputPaths(folder),
    ];
    const files = await Promise.all(paths.map((path) => readFile(path)));
    return new TruncationScene(folder, host, summary.run_id, files);
  }

  /**
   * Resumes the run as if its journal had ended after so many bytes, with the enriched specs there or gone.
   *
   * @returns what is wrong; null when the run is complete, the files are the same and nothing was asked again.
   */
  async resumeFrom(journal: Buffer, hasOutputs: boolean): Promise<string | null> {
    const asked = this.#host.asked.length;
    await writeFile(this.#pathOf('journal.jsonl'), journal);
    if (!hasOutputs && !journal.includes('task-finished'))
      await rm(join(this.#folder, 'out'), { recursive: true });
    const { summary } = await this.#resume();
    if (summary.status !== 'complete') return `the run ended ${summary.status}`;
    if (this.#host.asked.length !== asked) return 'something was asked again';
    const outputs = await Promise.all(outputPaths(this.#folder).map((path) => readFile(path, 'utf8')));
    return outputs.every((text, at) => text === this.#outputs[at]) ? null : 'an enriched spec changed';
  }

  /** Resumes the run with another checkpoint; gives the exit code it is refused with, or 0. */
  async exitCodeWith(checkpoint: Buffer): Promise<number> {
    await writeFile(this.#pathOf('journal.jsonl'), this.journal);
    await writeFile(this.#pathOf('checkpoint.json'), checkpoint);
    try {
      await this.#resume();
      return 0;
    } catch (error) {
      if (error instanceof AppError) return error.exitCode;
      throw error;
    } finally {
      await writeFile(this.#pathOf('checkpoint.json'), this.checkpoint);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #resume(): Promise<RunOutcome<UpsampleSummary>> {
    const request = { reference: this.#runId };
    return await resumeUpsample(request, createTestPorts(this.#folder, this.#host), silent, never);
  }

  #pathOf(name: string): string {
    return join(this.#folder, 'checkpoints', this.#runId, name);
  }
}

function outputPaths(folder: string): string[] {
  return names.map((name) => join(folder, 'out', name));
}
