import { basename } from 'node:path';
import { printable } from '../../core/printable.ts';
import type { RunEnding } from '../../core/run/run-ending.ts';
import { shortenId } from '../../core/run/run-reference.ts';
import type { TaskCounts } from '../../core/run/run-state.ts';
import { cutInMiddle, fittedTable } from './columns.ts';
import { counted } from './format.ts';
import type { Style } from './style.ts';

/** More of a file's name would push the numbers off a usual terminal. */
const inputColumns = 24;

/** Below this width the engine is left out, and the input where hosts were asked: the report has them. */
const roomyColumns = 100;

interface RunsTextOptions {
  /** Ids of all runs: those that are shown are shortened so that each is told from all others. */
  readonly runIds: readonly string[];
  /** Runs that are not shown. */
  readonly more: number;
  /** Width to keep to; undefined keeps everything whole, as for a file or a pipe. */
  readonly columns: number | undefined;
}

/** So many runs are shown with why they ended. */
const shownEndings = 3;

/** Codes that say no more than the status and the counts do. */
const plainCodes: ReadonlySet<string> = new Set(['tasks-failed', 'paused', 'unknown']);

export interface ListedRun {
  readonly run_id: string;
  readonly status: string;
  readonly created_at: string | null;
  readonly input: string | null;
  readonly host: string | null;
  readonly engine: string | null;
  readonly tasks: TaskCounts | null;
  readonly ending?: RunEnding | null;
  /** What its host says; undefined where it was not asked. */
  readonly on_host?: {
    readonly state: string;
    readonly finished_tasks: number | null;
    readonly total_tasks: number | null;
    readonly message: string | null;
  } | null;
}

export function formatRuns(runs: readonly ListedRun[], style: Style, options: RunsTextOptions): string {
  const { more, columns } = options;
  if (runs.length === 0) return noRuns(options);
  const isChecked = runs.some((run) => run.on_host !== undefined);
  const isNarrow = columns !== undefined && columns < roomyColumns;
  const leftOut = [
    isChecked ? '' : 'ON HOST',
    isNarrow ? 'ENGINE' : '',
    isNarrow && isChecked ? 'INPUT' : '',
  ];
  const columnsShown = shownColumns.filter(({ name }) => !leftOut.includes(name));
  const rows = runs.map((run) => columnsShown.map(({ cellOf }) => cellOf(run, options)));
  const names = columnsShown.map(({ name }) => name);
  const yielding = yieldingColumns.map((name) => names.indexOf(name)).filter((at) => at >= 0);
  const table = fittedTable([names, ...rows], columns, yielding);
  const moreLines =
    more > 0 ? [style.dim(`and ${counted(more, 'older run')}; --limit 0 lists them all`)] : [];
  const why = endingMessages(runs, style, options);
  return `${[...table, ...moreLines, ...why, ...hostMessageLines(runs, style)].join('\n')}\n`;
}

function noRuns({ runIds }: RunsTextOptions): string {
  return runIds.length === 0
    ? 'No runs yet. Start one with: cosmos batch-upsample ./specs\n'
    : `No such run. You have ${counted(runIds.length, 'run')}; list them with: cosmos runs --limit 0\n`;
}

/** What gives way where the table is too wide, the first one first. */
const yieldingColumns = ['INPUT', 'HOST', 'ON HOST', 'RUN'];

interface ShownColumn {
  readonly name: string;
  cellOf(run: ListedRun, options: RunsTextOptions): string;
}

const shownColumns: readonly ShownColumn[] = [
  {
    name: 'RUN',
    cellOf: ({ run_id: id }, { runIds, columns }) =>
      printable(columns === undefined ? id : shortenId(id, runIds)),
  },
  { name: 'STATUS', cellOf: ({ status }) => status },
  {
    name: 'STARTED (UTC)',
    cellOf: ({ created_at: at }) => at?.slice(0, 16).replace('T', ' ') ?? '—',
  },
  { name: 'HOST', cellOf: ({ host }) => (host === null ? '—' : printable(host)) },
  { name: 'ENGINE', cellOf: ({ engine }) => engine ?? '—' },
  {
    name: 'INPUT',
    cellOf: ({ input }) => (input === null ? '—' : cutInMiddle(printable(basename(input)), inputColumns)),
  },
  { name: 'DONE', cellOf: ({ tasks }) => (tasks ? `${tasks.done}/${tasks.total}` : '—') },
  { name: 'FAILED', cellOf: ({ tasks }) => (tasks ? String(tasks.failed) : '—') },
  { name: 'ON HOST', cellOf: onHostText },
];

function onHostText({ on_host: onHost }: ListedRun): string {
  if (!onHost) return '—';
  const { state, finished_tasks: finished, total_tasks: total } = onHost;
  return total === null || total === 0 ? state : `${state} ${finished}/${total}`;
}

/** Why the newest runs ended that did not end as they should; `report` has it of each. */
function endingMessages(
  runs: readonly ListedRun[],
  style: Style,
  { runIds, columns }: RunsTextOptions,
): string[] {
  const lines = runs.flatMap(({ run_id: id, ending }) => {
    if (!ending || plainCodes.has(ending.code)) return [];
    const name = columns === undefined ? id : shortenId(id, runIds);
    return [
      `${printable(name)}: ${printable(ending.message)} ${printable(ending.next_step ?? '')}`.trimEnd(),
    ];
  });
  return lines.length === 0 ? [] : ['', ...lines.slice(0, shownEndings).map((line) => style.dim(line))];
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
