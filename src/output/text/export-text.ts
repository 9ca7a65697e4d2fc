import { relative } from 'node:path';
import { batchFormat, type ExportedSpecs } from '../../core/inference/exported-specs.ts';
import { printable } from '../../core/printable.ts';
import { counted, numeral } from './format.ts';
import type { Style } from './style.ts';
import { noticeLine } from './summary-sections.ts';
import { leftOutText } from './upsample/plan-text.ts';

/** Specs that are named, of those that are warned of and of those that are left out. */
const maxNamed = 20;

/** What was written, what the model does with it, what was left out, and what to do now. */
export function formatExport(exported: ExportedSpecs, style: Style): string {
  const { format, folder, specs, groups, leftOut } = exported;
  const taken = specs.filter(({ refusal }) => refusal === null);
  const refused = specs.filter(({ refusal }) => refusal !== null);
  const warned = groupedWarnings(taken);
  const where = printable(relative('', folder) || '.');
  const blocks = [
    [`${style.good('✓')} ${counted(taken.length, 'spec')} in ${counted(groups.length, 'group')}: ${where}`],
    warned.map(([warning, names]) => noticeLine(`${counted(names.length, 'spec')}: ${warning}.`)),
    leftOut ? [noticeLine(leftOutText(leftOut))] : [],
    refused.length === 0
      ? []
      : [
          `${style.bad('✗')} ${counted(refused.length, 'spec')} left out:`,
          ...refused
            .slice(0, maxNamed)
            .map(({ spec, refusal }) => `    ${printable(spec)}  ${style.dim(printable(refusal ?? ''))}`),
          ...(refused.length > maxNamed
            ? [`    … and ${numeral(refused.length - maxNamed)} more, in README.md`]
            : []),
        ],
    [
      format === batchFormat
        ? `How to send the requests, and take the answers back, is in ${where}/README.md.`
        : `Run the model with the commands in ${where}/README.md.`,
    ],
  ];
  return `${blocks
    .filter((block) => block.length > 0)
    .map((block) => block.join('\n'))
    .join('\n\n')}\n`;
}

/** Most specs of a folder share their warnings: each is said once, with how many it concerns. */
function groupedWarnings(specs: ExportedSpecs['specs']): [warning: string, specs: string[]][] {
  const groups = new Map<string, string[]>();
  for (const { spec, warnings } of specs)
    for (const warning of warnings) groups.set(warning, [...(groups.get(warning) ?? []), spec]);
  return [...groups].slice(0, maxNamed);
}
