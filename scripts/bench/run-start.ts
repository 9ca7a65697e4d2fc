/**
 * How long a run takes from the command to its first request at the engine, with hints in the cache and without any, and what
 * that costs against bare Node and against a bare program that reads the same specs and makes one request. In turns.
 *
 *     node scripts/bench/run-start.ts [--specs 400] [--distinct 40] [--rounds 5] [--quick] [--json]
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { glob, rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { readBenchOptions } from './support/bench-options.ts';
import { readEvents } from './support/events.ts';
import { inTurns } from './support/in-turns.ts';
import { makeClips, writeSpecs } from './support/inputs.ts';
import { assertSucceeded, runProgram } from './support/program.ts';
import { figure, median } from './support/result.ts';
import { inSandbox, type Sandbox } from './support/sandbox.ts';
import { type StandInProcess, withStandIn } from './support/stand-in.ts';

const options = readBenchOptions({ values: ['specs', 'distinct'] });
const numberOf = (name: string, usual: number) => Number(options.own[name] ?? usual);
const specs = numberOf('specs', options.isQuick ? 100 : 400);
const distinct = numberOf('distinct', 40);
const rounds = options.isGiven('quick') ? 1 : Number(options.rounds);
const bareStart = fileURLToPath(new URL('./support/bare-start.ts', import.meta.url));
const server = { slots: 64, latencyMs: 0 };

await inSandbox('run-start', async (sandbox) => {
  await writeSpecs(sandbox.path('specs'), specs, await makeClips(sandbox.path('clips'), distinct));
  // Fills the caches: of hints, of compiled code.
  await startOf(sandbox, ['hints']);
  const cached: Start[] = [];
  const cold: Start[] = [];
  const measured = await inTurns(rounds, {
    node: () => wallOf(sandbox, ['-e', '0']),
    bare: () => bareStartOf(sandbox),
    cached: async () => (cached[cached.push(await startOf(sandbox, [])) - 1] as Start).firstRequestMs,
    cold: async () => (cold[cold.push(await startOf(sandbox, ['hints'])) - 1] as Start).firstRequestMs,
  });
  const bareMs = median(measured.bare);
  const seconds = (values: readonly number[]) => median(values) / 1000;
  options.report({
    bench: 'run-start',
    config: { specs, distinct, rounds },
    figures: [
      figure('command to first request, hints cached', seconds(measured.cached), 's', '<= 0.5'),
      figure('hints cached, times the bare program', median(measured.cached) / bareMs, ''),
      figure('command to run begun, hints cached', seconds(cached.map(({ begunMs }) => begunMs)), 's'),
      figure('command to first request, no hint yet', seconds(measured.cold), 's'),
      figure('command to run begun, no hint yet', seconds(cold.map(({ begunMs }) => begunMs)), 's'),
      figure('bare program, to its request', bareMs / 1000, 's'),
      figure('node -e 0', seconds(measured.node), 's'),
      figure('CPU of the whole run, hints cached', seconds(cached.map(({ cpuMs }) => cpuMs)), 's'),
    ],
  });
});

interface Start {
  /** From the command until the run stands in the checkpoint, and until the engine gets a request. */
  readonly begunMs: number;
  readonly firstRequestMs: number;
  /** Of program and worker, to the end. */
  readonly cpuMs: number;
}

/** A whole run without anything that runs before it left, and without hints where that is `dropped`. */
async function startOf(sandbox: Sandbox, dropped: readonly 'hints'[]): Promise<Start> {
  const paths = ['output', 'checkpoints', 'events.jsonl', 'home/.cosmos', 'cache/cosmos/results'];
  for (const path of [...paths, ...dropped.map(() => 'cache/cosmos/media')])
    await rm(sandbox.path(path), { recursive: true, force: true });
  return await withStandIn(server, async (standIn) => {
    const run = await runProgram(sandbox, [
      ...['batch-upsample', 'specs', '--json', '--output-dir', 'output', '--events', 'events.jsonl'],
      ...['--engine', 'openai', '--base-url', standIn.baseUrl, '--model', 'stand-in'],
    ]);
    assertSucceeded(run);
    const events = await readEvents(sandbox.path('events.jsonl'));
    const begun = events.find(({ type }) => type === 'run-started');
    return {
      begunMs: Date.parse(begun?.time ?? '') - run.startedMs,
      firstRequestMs: (await firstRequestAt(standIn)) - run.startedMs,
      cpuMs: run.usages.reduce((sum, { cpu_ms: used }) => sum + used, 0),
    };
  });
}

async function bareStartOf(sandbox: Sandbox): Promise<number> {
  const hints = sandbox.path('cache', 'cosmos', 'media', 'hints', 'files');
  const { value: hint } = await glob(`${hints}/*/*.mp4`)[Symbol.asyncIterator]().next();
  return await withStandIn(server, async (standIn) => {
    const startedMs = Date.now();
    await wallOf(sandbox, [bareStart, sandbox.path('specs'), String(hint), standIn.baseUrl]);
    return (await firstRequestAt(standIn)) - startedMs;
  });
}

async function firstRequestAt(standIn: StandInProcess): Promise<number> {
  const { first_request_at_ms: at } = await standIn.stats();
  if (at === null) throw new Error('the engine got no request');
  return at;
}

async function wallOf(sandbox: Sandbox, nodeArguments: readonly string[]): Promise<number> {
  const start = performance.now();
  const [code] = await once(
    spawn(process.execPath, nodeArguments, { env: sandbox.env, cwd: sandbox.folder, stdio: 'inherit' }),
    'close',
  );
  if (code !== 0) throw new Error(`${nodeArguments.join(' ')} ended with ${code}`);
  return performance.now() - start;
}
