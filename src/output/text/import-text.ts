import { relative } from 'node:path';
import { printable } from '../../core/printable.ts';
import type { ImportedAnswers } from '../../core/upsample/imported-answers.ts';
import { counted, numeral } from './format.ts';
import type { Style } from './style.ts';
import { noticeLine } from './summary-sections.ts';

/** Things of one kind that are named; `--json` has them all. */
const maxNamed = 20;

/** How many specs were enriched, then everything that was not, by name. */
export function formatImport(imported: ImportedAnswers, style: Style): string {
  const { counts, failures, unknown, duplicates, broken, output_dir: outputDir } = imported;
  const where = printable(relative('', outputDir) || '.');
  const blocks = [
    [`${style.good('✓')} ${counted(counts.enriched, 'spec')} enriched: ${where}`],
    named(
      failures.map(({ spec, custom_id: id, code, message }) => `${spec}  ${code}  ${message} (${id})`),
      `${style.bad('✗')} ${counted(failures.length, 'answer')} not usable, to be requested again:`,
    ),
    named(
      unknown,
      `${style.bad('✗')} ${counted(unknown.length, 'answer')} to requests that this export does not have:`,
    ),
    named(
      broken.map(({ file, line, reason }) => `${relative('', file)}:${line}: ${reason}`),
      `${style.bad('✗')} ${counted(broken.length, 'line')} that cannot be read:`,
    ),
    named(
      duplicates,
      noticeLine(`${counted(duplicates.length, 'answer')} came twice; the first one counts:`),
    ),
    counts.missing === 0
      ? []
      : [noticeLine(`${counted(counts.missing, 'spec')} of the export have no answer in these files.`)],
  ];
  return `${blocks
    .filter((block) => block.length > 0)
    .map((block) => block.join('\n'))
    .join('\n\n')}\n`;
}

function named(lines: readonly string[], head: string): string[] {
  if (lines.length === 0) return [];
  const more = lines.length - maxNamed;
  return [
    head,
    ...lines.slice(0, maxNamed).map((line) => `    ${printable(line)}`),
    ...(more > 0 ? [`    … and ${numeral(more)} more; --json has them all`] : []),
  ];
}
