import { readMeasured } from '../../bench/support/measured.ts';
import type { Figure } from '../../bench/support/result.ts';
import { markdownTable } from '../markdown-table.ts';

const { results } = readMeasured();

/** All figures of a benchmark, one a row, and how they were measured. */
export function figureTable(bench: string): string {
  const rows = figuresOf(bench).map((figure) => [figure.name, valueText(figure), limitText(figure)]);
  return `${markdownTable(['', 'measured', 'limit'], rows)}\n\n${configurationOf(bench)}`;
}

/** Figures with names such as `clip: what`: a column for each clip, a row for everything that was measured of it. */
export function comparisonTable(bench: string): string {
  const figures = figuresOf(bench).map((figure) => {
    const [column = '', row = ''] = figure.name.split(/: (.*)/, 2);
    return { ...figure, column, row };
  });
  const columns = [...new Set(figures.map(({ column }) => column))];
  const rows = [...new Set(figures.map(({ row }) => row))].map((row) => {
    const ofRow = figures.filter((figure) => figure.row === row);
    const cells = columns.map((column) => {
      const figure = ofRow.find((each) => each.column === column);
      return figure ? `${valueText(figure)}${isMissed(figure) ? ', **missed**' : ''}` : '';
    });
    const [first] = ofRow;
    return [row, ...cells, first ? boundText(first) : ''];
  });
  return `${markdownTable(['', ...columns, 'limit'], rows)}\n\n${configurationOf(bench)}`;
}

/** A figure by its name. @throws Error when the benchmark has not written it. */
export function measured(bench: string, name: string): number {
  const figure = figuresOf(bench).find((each) => each.name === name);
  if (!figure) throw new Error(`docs/measured/upscale.json has no "${name}" of ${bench}`);
  return figure.value;
}

/** Where figures of a benchmark come from: a sentence. */
export function configurationOf(bench: string): string {
  const result = results[bench];
  if (!result) return `Not measured yet: \`${commandOf(bench)}\`.`;
  const config = Object.entries(result.config).map(
    ([name, value]) => `${name.replaceAll('_', ' ')} ${value}`,
  );
  return `\`${commandOf(bench)}\`: ${config.join(', ')}; ${result.machine}.`;
}

function commandOf(bench: string): string {
  return bench === 'upscale-hour'
    ? 'node scripts/bench/upscale-length.ts --hour'
    : `node scripts/bench/${bench}.ts`;
}

function figuresOf(bench: string): readonly Figure[] {
  return results[bench]?.figures ?? [];
}

function valueText({ value, unit }: Figure): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  const number = Number.isInteger(value) ? value : value.toFixed(digits);
  return `${Number(number).toLocaleString('en-US')}${unit === '' ? '' : ` ${unit.replace('1/s', 'a second')}`}`;
}

function limitText(figure: Figure): string {
  return `${boundText(figure)}${isMissed(figure) ? ', **missed**' : ''}`;
}

function boundText({ limit, unit }: Figure): string {
  if (limit === null) return '';
  return `at ${limit.kind === 'at-least' ? 'least' : 'most'} ${limit.value}${unit === '' ? '' : ` ${unit}`}`;
}

function isMissed({ limit, value }: Figure): boolean {
  if (limit === null) return false;
  return limit.kind === 'at-least' ? value < limit.value : value > limit.value;
}
