import { printable, printableLines } from '../../core/printable.ts';
import type { CheckResult } from '../../ports/diagnostics.ts';
import type { Style } from './style.ts';

/** What `doctor` found: a line each, with the fix below what needs one. */
export function formatChecks(checks: readonly CheckResult[], style: Style): string {
  const width = Math.max(...checks.map((check) => printable(check.name).length));
  const lines = checks.flatMap((check) => {
    const line = `${markOf(check, style)} ${printable(check.name).padEnd(width)}  ${printable(check.detail)}`;
    return check.fix === null ? [line] : [line, `${' '.repeat(width + 4)}→ ${printableLines(check.fix)}`];
  });
  const failed = checks.filter((check) => check.status === 'failed').length;
  lines.push(
    '',
    failed === 0 ? 'Everything a run needs is there.' : style.bad(`${failed} to fix before a run.`),
  );
  return `${lines.join('\n')}\n`;
}

function markOf({ status }: CheckResult, style: Style): string {
  if (status === 'skipped') return style.dim('–');
  if (status === 'ok') return style.good('✓');
  return status === 'warning' ? '!' : style.bad('✗');
}
