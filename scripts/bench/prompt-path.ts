/**
 * What the program itself costs for each prompt when nothing else is slow: hints are cached, and a stand-in server of many slots
 * answers quickly. Told against a bare loop that makes the same requests and writes plain files, in turns, each over a server of
 * its own. With few or slow slots the server is what takes the time: then efficiency counts, the time that it needs at the least
 * over the wall time of the whole program.
 *
 *     node scripts/bench/prompt-path.ts --slots 8 --latency-ms 200
 *     node scripts/bench/prompt-path.ts --slots 8 --latency-ms 1000 --prompts 400
 *     node scripts/bench/prompt-path.ts [--prompts 2000] [--distinct 40] [--slots 64] [--latency-ms 50] [--rounds 3] [--quick] [--json]
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { instructionFor } from '../../src/core/upsample/instruction.ts';
import { isErrno } from '../../src/errors/system-error.ts';
import type { BareJob } from './support/bare-loop.ts';
import { readBenchOptions } from './support/bench-options.ts';
import { inTurns } from './support/in-turns.ts';
import { makeClips, writeSpecs } from './support/inputs.ts';
import { readPhases } from './support/phases.ts';
import { assertSucceeded, measuredEnvironment, readUsages, runProgram } from './support/program.ts';
import { figure, median } from './support/result.ts';
import { nameOf } from './support/sample-run.ts';
import { inSandbox, type Sandbox } from './support/sandbox.ts';
import { withStandIn } from './support/stand-in.ts';

const options = readBenchOptions({ values: ['prompts', 'distinct', 'slots', 'latency-ms'] });
const numberOf = (name: string, usual: number) => Number(options.own[name] ?? usual);
const prompts = numberOf('prompts', options.isQuick ? 600 : 2000);
const distinct = numberOf('distinct', 40);
const slots = numberOf('slots', 64);
const latencyMs = numberOf('latency-ms', 50);

/** The quicker a server answers, the more a start weighs. */
const leastEfficiency = latencyMs >= 1000 ? '>= 0.975' : '>= 0.93';

/** Files and folders that were moved out of the way. */
let asideCount = 0;

const bareLoop = new URL('./support/bare-loop.ts', import.meta.url).pathname;
const enrichedSchema = z.object({
  metadata: z.object({ upsampling: z.object({ hint: z.object({ sha256: z.string() }) }) }),
});

await inSandbox('prompt-path', async (sandbox) => {
  await writeSpecs(sandbox.path('specs'), prompts, await makeClips(sandbox.path('clips'), distinct));
  await mkdir(sandbox.path('config', 'cosmos'), { recursive: true });
  const settings = `[upsampling.engine]\nconcurrency = ${slots}\n`;
  await writeFile(sandbox.path('config', 'cosmos', 'config.toml'), settings);
  const outputs = sandbox.path('first');
  await withStandIn({ slots, latencyMs: 0 }, async ({ baseUrl }) =>
    assertSucceeded(await runProgram(sandbox, programArguments(baseUrl, outputs))),
  );
  const tasks = await bareTasks(sandbox, outputs);
  const cpuMs: Record<'program' | 'worker' | 'bare', number[]> = { program: [], worker: [], bare: [] };
  const phases: Awaited<ReturnType<typeof readPhases>>[] = [];
  const wallMs = await inTurns(options.rounds, {
    program: async () => {
      const { run, phase } = await runMeasured(sandbox);
      for (const { program, cpu_ms: used } of run.usages)
        cpuMs[program.includes('worker') ? 'worker' : 'program'].push(used);
      phases.push(phase);
      return run.wallMs;
    },
    bare: async () => {
      const bare = await runBare(sandbox, tasks);
      cpuMs.bare.push(bare.cpuMs);
      return bare.wallMs;
    },
  });
  const [ours, bare] = [median(wallMs.program), median(wallMs.bare)];
  const idealMs = Math.ceil(prompts / slots) * latencyMs;
  const isServerQuick = idealMs < 5_000;
  const each = (values: readonly number[]) => median(values) / prompts;
  options.report({
    bench: 'prompt-path',
    config: { prompts, distinct, slots, latency_ms: latencyMs, rounds: options.rounds },
    figures: [
      figure(
        'rate, times that of the bare loop',
        bare / ours,
        '',
        isServerQuick && !options.isQuick ? '>= 0.5' : undefined,
      ),
      figure(
        'CPU of program and worker, a prompt',
        each(cpuMs.program) + each(cpuMs.worker),
        'ms',
        isServerQuick ? '<= 2.5' : undefined,
      ),
      figure('efficiency', idealMs / ours, '', isServerQuick ? undefined : leastEfficiency),
      figure('CPU of the program, a prompt', each(cpuMs.program), 'ms'),
      figure('CPU of the worker, a prompt', each(cpuMs.worker), 'ms'),
      figure('CPU of the bare loop, a prompt', each(cpuMs.bare), 'ms'),
      figure('prompts', (1000 * prompts) / ours, '1/s'),
      figure('prompts of the bare loop', (1000 * prompts) / bare, '1/s'),
      figure('start and plan', median(phases.map(({ planMs }) => planMs)) / 1000, 's'),
      figure('plan to first request', median(phases.map(({ firstRequestMs }) => firstRequestMs)) / 1000, 's'),
      figure('last answer to end', median(phases.map(({ tailMs }) => tailMs)) / 1000, 's'),
    ],
  });
});

function programArguments(baseUrl: string, outputs: string): string[] {
  return [
    ...['batch-upsample', 'specs', '--json', '--output-dir', outputs, '--events', 'events.jsonl'],
    ...['--engine', 'openai', '--base-url', baseUrl, '--model', 'stand-in'],
  ];
}

/** One run of the program with hints in the cache, and no answer. */
async function runMeasured(sandbox: Sandbox) {
  for (const path of ['output', 'events.jsonl', 'cache/cosmos/results', '.cosmos'])
    await setAside(sandbox, sandbox.path(path));
  return await withStandIn({ slots, latencyMs }, async (standIn) => {
    const run = await runProgram(sandbox, programArguments(standIn.baseUrl, sandbox.path('output')), {
      until: standIn.ended,
    });
    assertSucceeded(run);
    const { requests, contents, busy_ms: busyMs } = await standIn.stats();
    if (requests !== prompts || contents !== prompts) throw new Error(`${requests} requests for ${contents}`);
    const endedMs = run.startedMs + run.wallMs;
    const phase = await readPhases(sandbox.path('events.jsonl'), run.startedMs, endedMs, busyMs ?? 0);
    return { run, phase };
  });
}

/** Out of the way, but not removed: where many files were removed just now, a disk takes longer to make new ones. */
async function setAside(sandbox: Sandbox, path: string): Promise<void> {
  await mkdir(sandbox.path('aside'), { recursive: true });
  await rename(path, sandbox.path('aside', String(asideCount++))).catch((error: unknown) => {
    if (!isErrno(error, 'ENOENT')) throw error;
  });
}

/** What the bare loop asks for: the same specs with the same hints. */
async function bareTasks(sandbox: Sandbox, outputs: string): Promise<BareJob['tasks']> {
  const hints = sandbox.path('cache', 'cosmos', 'media', 'hints', 'files');
  return await Promise.all(
    Array.from({ length: prompts }, async (_, index) => {
      const name = nameOf(index);
      const enriched = enrichedSchema.parse(JSON.parse(await readFile(join(outputs, name), 'utf8')));
      const { sha256 } = enriched.metadata.upsampling.hint;
      return {
        name,
        spec: sandbox.path('specs', name),
        hint: join(hints, sha256.slice(0, 2), `${sha256}.mp4`),
      };
    }),
  );
}

async function runBare(
  sandbox: Sandbox,
  tasks: BareJob['tasks'],
): Promise<{ readonly wallMs: number; readonly cpuMs: number }> {
  const [outputFolder, jobPath, usagePath] = ['bare', 'job.json', 'bare-usage.jsonl'].map((name) =>
    sandbox.path(name),
  );
  for (const path of [outputFolder, usagePath]) await setAside(sandbox, path ?? '');
  return await withStandIn({ slots, latencyMs }, async ({ baseUrl }) => {
    const job = { baseUrl, model: 'stand-in', slots, temperature: 0.6, maxTokens: 1024, outputFolder, tasks };
    await writeFile(jobPath ?? '', JSON.stringify({ ...job, instruction: instructionFor('auto', '') }));
    const start = performance.now();
    const env = measuredEnvironment(sandbox, usagePath ?? '');
    const child = spawn(process.execPath, [bareLoop, jobPath ?? ''], { env, stdio: 'inherit' });
    const [code] = await once(child, 'close');
    const wallMs = performance.now() - start;
    const written = await readdir(outputFolder ?? '', { recursive: true });
    const files = written.filter((name) => name.endsWith('.json')).length;
    if (code !== 0 || files !== prompts)
      throw new Error(`the bare loop wrote ${files} files, and ended with ${code}`);
    const [usage] = await readUsages(usagePath ?? '');
    return { wallMs, cpuMs: usage?.cpu_ms ?? Number.NaN };
  });
}
