import { mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { upsampleCheckpointSchema } from '../../../src/core/upsample/upsample-checkpoint.ts';
import { batchUpsample } from '../../../src/services/upsample/batch-upsample.ts';
import { MemoryHost } from '../memory-host.ts';
import { sampleSpec, writeSpecs } from '../spec-builder.ts';
import { createTestPorts, silent, testRunSettings } from '../test-ports.ts';
import { resumeUpsample } from '../upsample-runs.ts';
import { type MutationTarget, validOrRefused } from './pure-targets.ts';

/** How long a resume of three text-only specs may take before it counts as hanging, in milliseconds. */
const hangMs = 60_000;

const refusals = ['checkpoint-damaged', 'checkpoint-version', 'checkpoint-mismatch', 'run-kind'] as const;

/** Aborts work that seems to wait for something that never comes. */
async function withinTime<Result>(work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(new Error(`not done within ${hangMs} ms`)), hangMs);
  return await work(stop.signal).finally(() => clearTimeout(timer));
}

/** Whether the folders that a checkpoint names, if it is one, lie where the test may write. */
function staysIn(folder: string, content: Uint8Array): boolean {
  try {
    const { settings, input_root: inputRoot } = upsampleCheckpointSchema.parse(
      JSON.parse(Buffer.from(content).toString()),
    );
    return [settings.output_dir, inputRoot].every((path) => resolve(path).startsWith(folder));
  } catch {
    return true;
  }
}

/** A small run, complete, whose checkpoint or journal is changed before it is resumed. */
export async function runTarget(name: 'checkpoint' | 'journal'): Promise<MutationTarget> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), `cosmos-${name}-`)));
  const specs = ['a', 'b', 'c'].map((at) => [
    `${at}.json`,
    sampleSpec({ name: at, prompt: `A shot called ${at}`, input_video_path: '' }),
  ]);
  await writeSpecs(join(folder, 'in'), Object.fromEntries(specs));
  const host = new MemoryHost();
  const never = new AbortController().signal;
  const settings = testRunSettings(folder, { upsampling: { batch_size: 2 } });
  const request = { inputs: [join(folder, 'in')], settings, excluded: [] };
  const { summary } = await batchUpsample(request, createTestPorts(folder, host), silent, never);
  const runFolder = join(folder, 'checkpoints', summary.run_id);
  const files = { checkpoint: join(runFolder, 'checkpoint.json'), journal: join(runFolder, 'journal.jsonl') };
  const originals = { checkpoint: await readFile(files.checkpoint), journal: await readFile(files.journal) };
  // Half a run: there is something left to do.
  const begun = originals.journal.subarray(0, originals.journal.indexOf('task-finished') - 80);
  return {
    name,
    originals: name === 'checkpoint' ? [originals.checkpoint] : [originals.journal, begun],
    read: async (content) => {
      await writeFile(files.journal, name === 'journal' ? content : begun);
      await writeFile(files.checkpoint, name === 'checkpoint' ? content : originals.checkpoint);
      // A path that leads elsewhere would be followed: this is about what is understood, not about rights.
      if (!staysIn(folder, content)) return 'refused';
      const resume = { reference: runFolder };
      const ports = createTestPorts(folder, host);
      const work = () => withinTime((signal) => resumeUpsample(resume, ports, silent, signal));
      return await validOrRefused(work, refusals);
    },
    [Symbol.asyncDispose]: async () => rm(folder, { recursive: true }),
  };
}
