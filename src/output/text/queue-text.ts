import { printable } from '../../core/printable.ts';
import { fittedTable } from './columns.ts';
import { counted, durationText } from './format.ts';
import type { Style } from './style.ts';

interface ShownQueue {
  readonly queue: string;
  readonly store: string;
  readonly is_paused: boolean;
  readonly workers: readonly {
    readonly name: string;
    readonly slots: number;
    readonly kinds: readonly string[];
    readonly seen_at: string;
    readonly doing: readonly { readonly run_id: string; readonly kind: string }[];
    readonly problem: string | null;
  }[];
  readonly runs: readonly {
    readonly run_id: string;
    readonly waiting: number;
    readonly active: number;
    readonly failed: number;
    readonly finished_tasks: number;
    readonly total_tasks: number;
  }[];
}

/** How a queue stands, for people. */
export function formatQueue(
  { queue, store, is_paused: isPaused, workers, runs }: ShownQueue,
  style: Style,
  { nowMs, workerCommand }: { readonly nowMs: number; readonly workerCommand: string },
): string {
  const head = `${style.bold(printable(queue))}  ${printable(store)}${isPaused ? `  ${style.bad('drained: workers take no jobs')}` : ''}`;
  const workerRows = workers.map(({ name, slots, kinds, seen_at: seenAt, doing }) => [
    printable(name),
    counted(slots, 'slot'),
    kinds.filter((kind) => kind !== 'finalize').join(', '),
    doing.length === 0
      ? 'idle'
      : doing.map(({ run_id: run, kind }) => `${kind} of ${printable(run)}`).join(', '),
    `seen ${durationText(Math.max(0, nowMs - Date.parse(seenAt)))} ago`,
  ]);
  const runRows = runs.map((run) => [
    printable(run.run_id),
    `${run.waiting} waiting`,
    `${run.active} active`,
    run.failed > 0 ? style.bad(`${run.failed} failed`) : '0 failed',
    `${run.finished_tasks} of ${run.total_tasks} done`,
  ]);
  const noWorker = `No worker is connected to the queue. Start one on each machine: ${workerCommand}`;
  const waiting = workers.flatMap(({ name, problem }) =>
    problem === null
      ? []
      : [
          `${style.bad(`${printable(name)} waits`)}: ${printable(problem)} It resumes by itself once that is fixed.`,
        ],
  );
  const lines = [
    ...[head, '', ...(workers.length > 0 ? fittedTable(workerRows, style.columns, [3, 2, 0]) : [noWorker])],
    ...(waiting.length > 0 ? ['', ...waiting] : []),
    ...['', ...(runs.length > 0 ? fittedTable(runRows, style.columns, [0]) : ['No run has jobs in it.'])],
  ];
  return `${lines.join('\n')}\n`;
}
