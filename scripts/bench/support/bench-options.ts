import { parseArgs } from 'node:util';
import { writeMeasured } from './measured.ts';
import { type BenchResult, printResult } from './result.ts';

/** What all benchmarks of `upscale` can be told. */
export interface BenchOptions {
  readonly rounds: number;
  readonly isQuick: boolean;
  /** Options of this benchmark alone. */
  readonly own: Readonly<Record<string, string | undefined>>;
  readonly isGiven: (flag: string) => boolean;
  /** Prints the result, and with `--write` keeps it for the docs. */
  report(result: BenchResult): void;
}

/**
 * Reads `--rounds N`, `--quick`, `--json`, `--write` and a benchmark's own options.
 *
 * @param own - Names of options with a value, and of flags.
 */
export function readBenchOptions(
  own: { readonly values?: readonly string[]; readonly flags?: readonly string[] } = {},
): BenchOptions {
  const texts = ['rounds', ...(own.values ?? [])].map((name) => [name, { type: 'string' as const }]);
  const flags = ['quick', 'json', 'write', ...(own.flags ?? [])];
  const switches = flags.map((name) => [name, { type: 'boolean' as const, default: false }]);
  const { values }: { values: Readonly<Record<string, unknown>> } = parseArgs({
    options: Object.fromEntries([...texts, ...switches]),
  });
  const isGiven = (flag: string) => values[flag] === true;
  const textOf = (name: string) => (typeof values[name] === 'string' ? values[name] : undefined);
  return {
    rounds: Number(textOf('rounds') ?? (isGiven('quick') ? 1 : 3)),
    isQuick: isGiven('quick'),
    own: Object.fromEntries((own.values ?? []).map((name) => [name, textOf(name)])),
    isGiven,
    report: (result) => {
      printResult(result, isGiven('json'));
      if (isGiven('write')) writeMeasured(result);
    },
  };
}
