import { basename } from 'node:path';
import { printable } from '../../core/printable.ts';
import { fittedTable } from './columns.ts';
import { bytesText, counted } from './format.ts';

interface ListedRemoval {
  readonly run_id: string;
  readonly status: string;
  readonly host: string | null;
  readonly input: string | null;
  readonly folder: string;
}

interface RemovedRuns {
  readonly listed: readonly ListedRemoval[];
  readonly removed: readonly {
    readonly run_id: string;
    readonly paths: readonly string[];
    readonly size_bytes: number;
  }[];
}

/** What is about to be removed: a line a run. */
export function formatRemovable(runs: readonly ListedRemoval[], columns?: number): string {
  const rows = runs.map(({ run_id: runId, status, input, folder }) => [
    printable(runId),
    status,
    input === null ? '—' : printable(basename(input)),
    printable(folder),
  ]);
  const table = fittedTable([['RUN', 'STATUS', 'INPUT', 'FOLDER'], ...rows], columns, [3, 2, 0]);
  return table.length === 1 ? '' : `${table.join('\n')}\n\n`;
}

/** What is gone, and what is still elsewhere. */
export function formatRemovedRuns({ listed, removed }: RemovedRuns): string {
  const paths = removed.flatMap((run) => run.paths.map((path) => `  ${printable(path)}`));
  const bytes = removed.reduce((sum, { size_bytes: size }) => sum + size, 0);
  const lines = [`Removed ${counted(removed.length, 'run')} (${bytesText(bytes)}):`, ...paths];
  const hosts = new Set(listed.flatMap(({ host }) => (host === null || host === 'local' ? [] : [host])));
  for (const host of hosts)
    lines.push(
      `What is left of them on ${printable(host)} is removed by: cosmos host prune ${printable(host)}`,
    );
  return `${lines.join('\n')}\n`;
}
