import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { type BenchResult, benchResultSchema } from './result.ts';

const measuredSchema = z.object({
  version: z.literal(1),
  results: z.record(z.string(), benchResultSchema.extend({ machine: z.string() })),
});

/** Figures that pages of the docs compute with, by the name of the benchmark. */
export type Measured = z.infer<typeof measuredSchema>;

const path = fileURLToPath(new URL('../../../docs/measured/upscale.json', import.meta.url));

/** What the benchmarks wrote last. */
export function readMeasured(): Measured {
  return measuredSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
}

/** Keeps a result for the docs, in place of an earlier one of the same benchmark. */
export function writeMeasured(result: BenchResult): void {
  let results: Measured['results'] = {};
  try {
    results = readMeasured().results;
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error) || error.code !== 'ENOENT') throw error;
  }
  const figures = result.figures.map((figure) => ({ ...figure, value: Number(figure.value.toPrecision(4)) }));
  results[result.bench] = { ...result, figures, machine: machineText() };
  const sorted = Object.fromEntries(Object.entries(results).sort(([a], [b]) => (a < b ? -1 : 1)));
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify({ version: 1, results: sorted }, null, 2)}\n`);
}

function machineText(): string {
  const ffmpeg = /^ffmpeg version (\S+)/.exec(execFileSync('ffmpeg', ['-version'], { encoding: 'utf8' }));
  const [major] = process.versions.node.split('.');
  return `${availableParallelism()} cores, ${process.platform} ${process.arch}, Node ${major}, ffmpeg ${ffmpeg?.[1] ?? '?'}`;
}
