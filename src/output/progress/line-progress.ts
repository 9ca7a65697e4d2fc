import type { RunObserver } from '../../ports/run-observer.ts';
import { durationText, printable } from '../words.ts';
import { RunPace } from './run-pace.ts';

/** How often a line is written where no bar can be drawn, in milliseconds. */
const lineEveryMs = 10_000;

/** Progress as plain lines, for logs and pipes: one every 10 seconds, and one for whatever a person must know. */
export function createLineProgress(write: (line: string) => void): RunObserver {
  let pace: RunPace | null = null;
  let planned: { done: number; total: number } | null = null;
  let engine = '';
  const timer = setInterval(() => write(pace ? paceLine(pace, engine) : planLine(planned)), lineEveryMs);
  timer.unref();
  return {
    onPlanned: (done, total) => {
      planned = { done, total };
    },
    onBegin: (run) => {
      pace = new RunPace(run);
      const before = run.settled > 0 ? `, ${run.settled} of them settled before` : '';
      write(`run ${run.runId}: ${run.total} specs${before}`);
    },
    onEvent: (event) => {
      pace?.apply(event);
      if (event.type === 'task-failed')
        write(`failed: ${printable(event.spec)}: ${event.code}: ${printable(event.message)}`);
      if (event.type === 'host-unreachable')
        write(`${event.host} unreachable since ${event.time}: ${printable(event.message)}`);
      if (event.type === 'host-reachable') write(`${event.host} reachable again`);
    },
    onTaskStarted: () => pace?.start(Date.now()),
    onWorkerStatus: (status) => {
      engine = status.status === 'loading' ? ', engine loading' : '';
    },
    onNotice: (message) => write(message),
    onEnd: () => clearInterval(timer),
  };
}

function planLine(planned: { done: number; total: number } | null): string {
  return planned ? `planned ${planned.done} of ${planned.total} specs` : 'reading specs';
}

function paceLine(pace: RunPace, engine: string): string {
  const remainingMs = pace.remainingMs(Date.now());
  const eta = remainingMs === null ? '' : `, about ${durationText(remainingMs)} left`;
  const failed = pace.failed > 0 ? `, ${pace.failed} failed` : '';
  return `${pace.settled} of ${pace.total} done${failed}${eta}${engine}`;
}
