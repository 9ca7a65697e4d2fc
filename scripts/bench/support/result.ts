import { z } from 'zod';

const figureSchema = z.object({
  name: z.string(),
  value: z.number(),
  unit: z.string(),
  /** What must hold; null where a figure is only told. */
  limit: z.object({ kind: z.enum(['at-least', 'at-most']), value: z.number() }).nullable(),
});

/** What a benchmark prints under `--json`. */
export const benchResultSchema = z.object({
  bench: z.string(),
  config: z.record(z.string(), z.union([z.string(), z.number()])),
  figures: z.array(figureSchema),
});

export type Figure = z.infer<typeof figureSchema>;
export type BenchResult = z.infer<typeof benchResultSchema>;

/** A figure; `limit` such as `>= 0.95` or `<= 60`. */
export function figure(
  name: string,
  value: number,
  unit: string,
  limit?: `${'>=' | '<='} ${number}` | undefined,
): Figure {
  const [sign, bound] = limit?.split(' ') ?? [];
  const kind = sign === '>=' ? 'at-least' : 'at-most';
  return { name, value, unit, limit: bound === undefined ? null : { kind, value: Number(bound) } };
}

/** Prints a result as JSON, or as a table for people. */
export function printResult(result: BenchResult, isJson: boolean): void {
  if (isJson) {
    console.log(JSON.stringify(result));
    return;
  }
  const config = Object.entries(result.config).map(([name, value]) => `${name} ${value}`);
  console.log(`${result.bench}: ${config.join(', ')}`);
  console.table(Object.fromEntries(result.figures.map((each) => [each.name, rowOf(each)])));
}

/** A figure as a row of a table. */
export function rowOf({ value, unit, limit }: Figure): Record<string, string> {
  const shown = { value: `${rounded(value)} ${unit}`.trim(), limit: '', holds: '' };
  if (limit === null) return shown;
  const isMet = limit.kind === 'at-least' ? value >= limit.value : value <= limit.value;
  const sign = limit.kind === 'at-least' ? '≥' : '≤';
  return { ...shown, limit: `${sign} ${limit.value} ${unit}`.trim(), holds: isMet ? 'yes' : 'NO' };
}

/** The middle one of an odd number of values, the mean of the middle two of an even one. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** The smallest value that so many percent of the values do not exceed. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((sorted.length * percent) / 100) - 1)] ?? Number.NaN;
}

function rounded(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(Math.abs(value) >= 100 ? 0 : 3);
}
