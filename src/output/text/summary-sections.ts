import { printable } from '../../core/printable.ts';
import { formatTable } from './columns.ts';
import { failureLines, type NamedFailure } from './failures-text.ts';
import type { Style } from './style.ts';

export interface SummarySections {
  readonly runId: string;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly host: string;
  readonly report: string;
  readonly engine: string;
  /** What became of the work, on one line. */
  readonly headline: string;
  /** Where the results are, and what else stands before the report. */
  readonly results: readonly (readonly [term: string, text: string])[];
  readonly notices: readonly string[];
  readonly failures: readonly NamedFailure[];
  /** What failed: a `spec`, or in a video a `segment`. */
  readonly failureNoun: string;
  readonly nextSteps: readonly string[];
}

export function formatSections(summary: SummarySections, style: Style): string {
  const places = formatTable([
    ...summary.results,
    ['Report', printable(summary.report)],
    ['Engine', printable(summary.engine)],
    ...(summary.host === 'local' ? [] : [['Host', printable(summary.host)]]),
    ['Started', `${summary.startedAt.slice(0, 16).replace('T', ' ')} UTC`],
    ['Run', style.dim(summary.runId)],
  ]);
  const { failures, failureNoun } = summary;
  const blocks = [
    [summary.headline],
    places.map((line) => `  ${line}`),
    summary.notices.map(noticeLine),
    failures.length > 0 ? failureLines(failures, style, 'the report', failureNoun) : [],
    summary.nextSteps,
  ].filter((block) => block.length > 0);
  return `${blocks.map((block) => block.join('\n')).join('\n\n')}\n`;
}

/** Something to know, on a line of its own. */
export function noticeLine(notice: string): string {
  return `! ${printable(notice)}`;
}

/** What can be done with a run that keeps running by itself. @param attach - What attaching to it does. */
export function detachedSteps(runId: string, attach: string, style: Style): string[] {
  const steps = [
    ['attach', attach],
    ['logs', 'show the logs of its workers'],
    ['cancel', 'stop it'],
  ] as const;
  const rows = steps.map(([command, what]) => [style.bold(`cosmos ${command} ${runId}`), what]);
  return ['The work keeps running by itself:', ...formatTable(rows).map((line) => `  ${line}`)];
}
