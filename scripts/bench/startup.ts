/**
 * What starting the program costs against bare Node that does nothing, interleaved.
 *
 *     node scripts/bench/startup.ts [--rounds 15] [--quick] [--json]
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type BenchResult, figure, median, printResult } from './support/result.ts';
import { inSandbox, type Sandbox } from './support/sandbox.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string' },
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const rounds = Number(values.rounds ?? (values.quick ? 9 : 15));
const program = fileURLToPath(new URL('../../bin/run.js', import.meta.url));
const calls: Readonly<Record<string, readonly string[]>> = {
  'bare node': ['-e', '0'],
  'cosmos --version': [program, '--version'],
  'cosmos --help': [program, '--help'],
  'cosmos batch-upsample --help': [program, 'batch-upsample', '--help'],
};

printResult(await inSandbox('startup', async (sandbox) => measure(sandbox)), values.json);

function measure(sandbox: Sandbox): BenchResult {
  const times = Object.entries(calls).map(([name, call]) => ({ name, call, ms: [] as number[] }));
  // The first of each fills the caches: of the disk, and of compiled code.
  for (const { call } of times) millisecondsOf(call, sandbox);
  for (let round = 0; round < rounds; round++) {
    for (const { call, ms } of times) ms.push(millisecondsOf(call, sandbox));
  }
  const bareMs = median(times[0]?.ms ?? []);
  return {
    bench: 'startup',
    config: { rounds },
    figures: [
      figure('bare node', bareMs, 'ms'),
      ...times.slice(1).map(({ name, ms }, index) => {
        const limit = index < 2 ? '<= 5' : undefined;
        return figure(`${name}, times bare node`, median(ms) / bareMs, '', limit);
      }),
    ],
  };
}

function millisecondsOf(call: readonly string[], sandbox: Sandbox): number {
  const start = performance.now();
  const { status, stderr } = spawnSync(process.execPath, call, { cwd: sandbox.folder, env: sandbox.env });
  const ms = performance.now() - start;
  if (status !== 0) throw new Error(`${call.join(' ')} ended with ${status}: ${stderr}`);
  return ms;
}
