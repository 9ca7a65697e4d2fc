/**
 * Planning many specs that share a dozen videos: time, memory, and how both grow. Nothing of it is cached
 * between runs but what the videos hold.
 *
 *     node scripts/bench/plan.ts [--small 10000] [--large 100000] [--rounds 3] [--quick] [--json]
 */
import { readFile, stat } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { makeClips, writeSpecs } from './support/inputs.ts';
import { assertSucceeded, ownUsage, runProgram } from './support/program.ts';
import { type BenchResult, figure, median, printResult } from './support/result.ts';
import { inSandbox, type Sandbox } from './support/sandbox.ts';

const { values } = parseArgs({
  options: {
    small: { type: 'string' },
    large: { type: 'string' },
    rounds: { type: 'string' },
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const small = Number(values.small ?? (values.quick ? 1_000 : 10_000));
const large = Number(values.large ?? (values.quick ? 10_000 : 100_000));
const rounds = Number(values.rounds ?? (values.quick ? 1 : 3));

interface Measured {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakMb: number;
}

const result = await inSandbox('plan', async (sandbox) => {
  const clips = await makeClips(sandbox.path('clips'), 12);
  for (const count of [small, large]) await writeSpecs(sandbox.path(`specs-${count}`), count, clips);
  return await measure(sandbox);
});
printResult(result, values.json);

async function measure(sandbox: Sandbox): Promise<BenchResult> {
  const ofSmall: Measured[] = [];
  const ofLarge: Measured[] = [];
  for (let round = 0; round < rounds; round++) {
    ofSmall.push(await planOnce(sandbox, small));
    ofLarge.push(await planOnce(sandbox, large));
  }
  const middle = (runs: readonly Measured[], key: keyof Measured) => median(runs.map((run) => run[key]));
  return {
    bench: 'plan',
    config: { small, large, rounds, videos: 12 },
    figures: [
      figure(`${large} specs`, middle(ofLarge, 'seconds'), 's', '<= 60'),
      figure(`${large} specs, memory`, middle(ofLarge, 'peakMb'), 'MB', '<= 1024'),
      figure(
        'times the cost of the small plan',
        middle(ofLarge, 'seconds') / middle(ofSmall, 'seconds'),
        '',
        `<= ${(1.2 * large) / small}`,
      ),
      figure(`${small} specs`, middle(ofSmall, 'seconds'), 's'),
      figure(`${small} specs, memory`, middle(ofSmall, 'peakMb'), 'MB'),
      figure(`${large} specs, CPU`, middle(ofLarge, 'cpuSeconds'), 's'),
      figure(`${small} specs, CPU`, middle(ofSmall, 'cpuSeconds'), 's'),
    ],
  };
}

async function planOnce(sandbox: Sandbox, count: number): Promise<Measured> {
  await sandbox.clearCaches();
  const stdoutPath = sandbox.path(`plan-${count}.json`);
  const run = await runProgram(sandbox, ['plan', sandbox.path(`specs-${count}`), '--json'], { stdoutPath });
  assertSucceeded(run);
  await assertWhole(stdoutPath, count);
  const usage = ownUsage(run);
  return {
    seconds: run.wallMs / 1000,
    cpuSeconds: usage.cpu_ms / 1000,
    peakMb: usage.peak_rss_bytes / 1024 ** 2,
  };
}

/** A plan that was cut off would be a fast one. */
async function assertWhole(path: string, count: number): Promise<void> {
  const { size } = await stat(path);
  const plan: unknown = JSON.parse(await readFile(path, 'utf8'));
  const specs = typeof plan === 'object' && plan !== null && 'specs' in plan ? plan.specs : null;
  if (!Array.isArray(specs) || specs.length !== count)
    throw new Error(`${size} bytes are no plan of ${count}`);
}
