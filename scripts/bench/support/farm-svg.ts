import type { FarmResult } from './farm.ts';

/** The results of one scene, by how many machines there are. */
export interface FarmLine {
  readonly name: string;
  readonly points: readonly { readonly machines: number; readonly result: FarmResult }[];
}

const size = { width: 720, height: 380 };
const plot = { left: 64, top: 48, right: 24, bottom: 52 };
const lowest = 0.5;
const colours = ['#2f6f4f', '#2b5c9e', '#b0741a', '#a03c3c'];

/** A picture of how busy the machines are, over their number. */
export function farmSvg(lines: readonly FarmLine[]): string {
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${size.height}" font-family="system-ui, sans-serif" font-size="13">`,
    '<title>How busy a farm of machines is kept, by the number of machines</title>',
    `<rect width="${size.width}" height="${size.height}" fill="#ffffff"/>`,
    `<text x="${plot.left}" y="26" font-size="15" font-weight="600" fill="#222">Ideal time / time, simulated with the real dealing code</text>`,
    ...gridOf(lines),
    ...lines.flatMap(lineOf),
    '</svg>',
  ];
  return `${parts.join('\n')}\n`;
}

function gridOf(lines: readonly FarmLine[]): string[] {
  const rows = [0.5, 0.6, 0.7, 0.8, 0.9, 1].flatMap((share) => [
    `<line x1="${plot.left}" x2="${size.width - plot.right}" y1="${yOf(share)}" y2="${yOf(share)}" stroke="#ddd"/>`,
    `<text x="${plot.left - 8}" y="${yOf(share) + 4}" text-anchor="end" fill="#555">${Math.round(share * 100)} %</text>`,
  ]);
  const counts = lines[0]?.points.map(({ machines }) => machines) ?? [];
  const columns = counts.map(
    (machines) =>
      `<text x="${xOf(machines)}" y="${size.height - plot.bottom + 20}" text-anchor="middle" fill="#555">${machines}</text>`,
  );
  const middle = (plot.left + size.width - plot.right) / 2;
  return [
    ...rows,
    ...columns,
    `<text x="${middle}" y="${size.height - 10}" text-anchor="middle" fill="#555">machines</text>`,
  ];
}

function lineOf({ name, points }: FarmLine, at: number): string[] {
  const colour = colours[at % colours.length];
  const places = points.map(({ machines, result }) => `${xOf(machines)},${yOf(result.efficiency)}`);
  const dots = points.map(
    ({ machines, result }) =>
      `<circle cx="${xOf(machines)}" cy="${yOf(result.efficiency)}" r="3" fill="${colour}"/>`,
  );
  const legendY = yOf(0.68) + at * 20;
  return [
    `<polyline points="${places.join(' ')}" fill="none" stroke="${colour}" stroke-width="2"/>`,
    ...dots,
    `<rect x="${plot.left + 16}" y="${legendY - 9}" width="14" height="4" fill="${colour}"/>`,
    `<text x="${plot.left + 38}" y="${legendY - 2}" fill="#333">${name}</text>`,
  ];
}

/** From 1 to 1,000 machines, by their logarithm. */
function xOf(machines: number): number {
  const width = size.width - plot.left - plot.right - 24;
  return round(plot.left + 12 + (Math.log10(machines) / 3) * width);
}

function yOf(share: number): number {
  const height = size.height - plot.top - plot.bottom;
  return round(plot.top + ((1 - Math.max(lowest, share)) / (1 - lowest)) * height);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
