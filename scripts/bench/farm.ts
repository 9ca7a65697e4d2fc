/**
 * How well many machines are kept busy: the real dealing code on a virtual clock. Speeds are mixed from 1x to 10x; with
 * pre-emption a machine lives 20 minutes on the average, and another one comes 2 minutes later; over slow links the bytes of
 * each task are on their way for 10 s.
 *
 *     node scripts/bench/farm.ts [--seed 1] [--machines 1000] [--quick] [--svg docs/images/farm.svg] [--json]
 */
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { type Farm, type FarmResult, simulateFarm } from './support/farm.ts';
import { type FarmLine, farmSvg } from './support/farm-svg.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    machines: { type: 'string', default: '1000' },
    quick: { type: 'boolean', default: false },
    svg: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});

const forever = Number.POSITIVE_INFINITY;
const scenes: readonly (Pick<Farm, 'fastest' | 'meanLifeS' | 'transferS'> & { readonly name: string })[] = [
  { name: 'equal machines', fastest: 1, meanLifeS: forever, transferS: 0 },
  { name: 'speeds 1x to 10x', fastest: 10, meanLifeS: forever, transferS: 0 },
  { name: 'and slow links', fastest: 10, meanLifeS: forever, transferS: 10 },
  { name: 'and pre-emption', fastest: 10, meanLifeS: 20 * 60, transferS: 10 },
];
const most = values.quick ? 100 : Number(values.machines);
const counts = [1, 2, 4, 10, 32, 100, 316, 1000].filter((machines) => machines <= most);
const common = { tasksPerMachine: 40, seed: Number(values.seed) };

const lines: FarmLine[] = scenes.map(({ name, ...scene }) => ({
  name,
  points: counts.map((machines) => ({ machines, result: simulateFarm({ ...common, ...scene, machines }) })),
}));
process.stdout.write(values.json ? `${JSON.stringify({ ...common, lines }, null, 2)}\n` : tableOf(lines));
if (values.svg !== undefined) await writeFile(values.svg, farmSvg(lines));

function tableOf(shown: readonly FarmLine[]): string {
  const head = ['scene', 'machines', 'efficiency', 'copied', 'most copies'];
  const rows = shown.flatMap(({ name, points }) =>
    points.map(({ machines, result }) => [name, String(machines), ...figuresOf(result)]),
  );
  const widths = head.map((title, at) => Math.max(title.length, ...rows.map((row) => row[at]?.length ?? 0)));
  const text = (row: readonly string[]) => row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join('  ');
  return `${[head, ...rows].map((row) => text(row).trimEnd()).join('\n')}\n`;
}

function figuresOf({ efficiency, copiedShare, mostCopies }: FarmResult): string[] {
  return [`${(100 * efficiency).toFixed(1)} %`, `${(100 * copiedShare).toFixed(2)} %`, String(mostCopies)];
}
