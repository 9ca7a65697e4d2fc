import { printable, printableLines } from '../../core/printable.ts';
import type { UpsampleObserver } from '../../ports/run-observer.ts';
import { counted } from '../text/format.ts';
import { EngineWatch } from './engine-watch.ts';
import { HostWatch } from './host-watch.ts';
import { createFailureTeller, remainingText, standText } from './progress-words.ts';
import { RunPace } from './run-pace.ts';

/** How often a line is written where no bar can be drawn, in milliseconds. */
const lineEveryMs = 10_000;

/** Progress as plain lines, for logs and pipes: one every 10 seconds, and one for whatever a person must know. */
export function createLineProgress(write: (line: string) => void): UpsampleObserver {
  let pace: RunPace | null = null;
  let planned: { done: number; total: number } | null = null;
  const engine = new EngineWatch();
  const host = new HostWatch();
  const failureText = createFailureTeller();
  const tell = (line: string | null) => {
    if (line !== null) write(line);
  };
  const timer = setInterval(
    () => write(pace ? paceLine(pace, engine, host) : planLine(planned)),
    lineEveryMs,
  );
  timer.unref();
  return {
    onPlanned: (done, total) => {
      planned = { done, total };
    },
    onBegin: (run) => {
      pace = new RunPace(run);
      const before = run.settled > 0 ? `, ${run.settled} of them finished or skipped earlier` : '';
      const by = run.engine === undefined ? '' : `; engine: ${printable(run.engine)}`;
      write(`run ${run.runId}: ${counted(run.total, 'spec')}${before}${by}`);
    },
    onEvent: (event) => {
      pace?.apply(event);
      tell(event.type === 'task-failed' ? failureText(event) : host.apply(event));
    },
    onTaskStarted: () => pace?.start(performance.now()),
    onWorkerStatus: (status) => tell(engine.apply(status, performance.now())),
    onNotice: (message) => write(printableLines(message)),
    onEnd: () => clearInterval(timer),
  };
}

function planLine(planned: { done: number; total: number } | null): string {
  return planned ? `planned ${planned.done} of ${counted(planned.total, 'spec')}` : 'reading specs';
}

function paceLine(pace: RunPace, engine: EngineWatch, host: HostWatch): string {
  if (host.isAway) return `${standText(pace)}, ${host.note}`;
  const nowMs = performance.now();
  const left = remainingText(pace, nowMs);
  const note = engine.note(nowMs) || (left && `about ${left}`);
  return note === '' ? standText(pace) : `${standText(pace)}, ${note}`;
}
