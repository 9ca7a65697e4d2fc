import { basename } from 'node:path';
import { printable } from '../../core/printable.ts';
import type { TaskCounts } from '../../core/run/run-state.ts';
import { cutInMiddle, formatTable } from './columns.ts';
import type { Style } from './style.ts';

/** More of a file's name would push the numbers off a usual terminal. */
const inputColumns = 24;

export interface ListedRun {
  readonly run_id: string;
  readonly status: string;
  readonly created_at: string | null;
  readonly input: string | null;
  readonly host: string | null;
  readonly engine: string | null;
  readonly tasks: TaskCounts | null;
  /** What its host says; undefined where it was not asked. */
  readonly on_host?: {
    readonly state: string;
    readonly finished_tasks: number | null;
    readonly total_tasks: number | null;
    readonly message: string | null;
  } | null;
}

export function formatRuns(runs: readonly ListedRun[], style: Style): string {
  if (runs.length === 0) return 'No runs yet. Start one with: cosmos batch-upsample ./specs\n';
  const isChecked = runs.some((run) => run.on_host !== undefined);
  const head = ['RUN', 'STATUS', 'STARTED (UTC)', 'HOST', 'ENGINE', 'INPUT', 'DONE', 'FAILED'];
  const rows = runs.map((run) => (isChecked ? [...cellsOf(run), onHostText(run)] : cellsOf(run)));
  const table = formatTable([isChecked ? [...head, 'ON HOST'] : head, ...rows]);
  return `${[...table, ...hostMessageLines(runs, style)].join('\n')}\n`;
}

function cellsOf({
  run_id: runId,
  status,
  created_at: createdAt,
  host,
  engine,
  input,
  tasks,
}: ListedRun): string[] {
  return [
    printable(runId),
    status,
    createdAt?.slice(0, 16).replace('T', ' ') ?? '—',
    host === null ? '—' : printable(host),
    engine ?? '—',
    input === null ? '—' : cutInMiddle(printable(basename(input)), inputColumns),
    tasks ? `${tasks.done}/${tasks.total}` : '—',
    tasks ? String(tasks.failed) : '—',
  ];
}

function onHostText({ on_host: onHost }: ListedRun): string {
  if (!onHost) return '—';
  const { state, finished_tasks: finished, total_tasks: total } = onHost;
  return total === null || total === 0 ? state : `${state} ${finished}/${total}`;
}

/** Why hosts could not be asked, once a host. */
function hostMessageLines(runs: readonly ListedRun[], style: Style): string[] {
  const messages = new Map<string, string>();
  for (const { host, on_host: onHost } of runs) {
    if (host !== null && onHost?.message) messages.set(host, onHost.message);
  }
  if (messages.size === 0) return [];
  const lines = [...messages].map(([host, message]) => `${printable(host)}: ${printable(message)}`);
  return ['', ...lines.map((line) => style.dim(line))];
}
