/**
 * Runs every benchmark, one after the other, and prints one table, or with `--json` the results as a list.
 *
 *     node scripts/bench/all.ts [--quick] [--json]
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { missingRedis } from '../../test/support/lab/redis.ts';
import { whyNoLab } from './support/remote-lab.ts';
import { type BenchResult, benchResultSchema, figure, rowOf } from './support/result.ts';

const { values } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, json: { type: 'boolean', default: false } },
});
const quickly = values.quick ? ['--quick'] : [];
const results: BenchResult[] = [
  ...['startup', 'checkpoint', 'plan', 'scale', 'engine', 'prompt-path'].map((name) =>
    benchResultSchema.parse(outputOf(name, quickly)),
  ),
  hintResult(outputOf('hints', values.quick ? ['--clips', '16', '--rounds', '1'] : [])),
  ...queueResults(),
  ...videoResults(),
  ...remoteResults(),
];
if (values.json) console.log(JSON.stringify(results, null, 2));
else console.table(Object.fromEntries(results.flatMap(({ bench, figures }) => rowsOf(bench, figures))));

function outputOf(name: string, options: readonly string[]): unknown {
  process.stderr.write(`${name} …\n`);
  const script = fileURLToPath(new URL(`./${name}.ts`, import.meta.url));
  const { status, stdout } = spawnSync(process.execPath, [script, '--json', ...options], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (status !== 0) throw new Error(`the benchmark ${name} ended with ${status}`);
  return JSON.parse(stdout);
}

/** Nothing where there is no Redis. */
function queueResults(): BenchResult[] {
  if (missingRedis() !== null) return [];
  return ['queue', 'farm-run'].map((name) => benchResultSchema.parse(outputOf(name, quickly)));
}

/** Memory and disk of `upscale` are read from /proc. */
function videoResults(): BenchResult[] {
  if (process.platform !== 'linux') return [];
  return [
    'upscale',
    'upscale-length',
    'upscale-stages',
    'pipes-and-png',
    'upscale-choices',
    'retouch',
    'batch-sizes',
  ].map((name) => benchResultSchema.parse(outputOf(name, quickly)));
}

/** Nothing where no Docker engine and no sshd can be started: a benchmark is not worth failing for that. */
function remoteResults(): BenchResult[] {
  const reason = whyNoLab();
  if (reason !== null) {
    process.stderr.write(`benchmarks of remote hosts skipped: ${reason}\n`);
    return [];
  }
  return ['docker-calls', 'remote', 'transfer', 'warm-run', 'seed-way'].map((name) =>
    benchResultSchema.parse(outputOf(name, quickly)),
  );
}

function hintResult(output: unknown): BenchResult {
  const hints = z
    .object({ clips: z.number(), ratio: z.number(), tool_hints_per_second: z.number() })
    .parse(output);
  return {
    bench: 'hints',
    config: { clips: hints.clips },
    figures: [
      figure('hints, times bare ffmpeg', hints.ratio, '', '>= 0.9'),
      figure('hints per second', hints.tool_hints_per_second, '1/s'),
    ],
  };
}

function rowsOf(bench: string, figures: BenchResult['figures']): [string, Record<string, string>][] {
  return figures.map((each) => [`${bench}: ${each.name}`, rowOf(each)]);
}
