import { MultiBar, Presets, type SingleBar } from 'cli-progress';
import type { RunObserver } from '../../ports/run-observer.ts';
import { durationText, printable } from '../words.ts';
import { RunPace } from './run-pace.ts';

/** Progress as bars on a terminal: one for the plan, then one for hints and one for prompts. */
export function createBarProgress(stream: NodeJS.WriteStream): RunObserver {
  const bars = new MultiBar(
    {
      stream,
      format: ' {what} {bar} {value}/{total}{note}',
      hideCursor: true,
      clearOnComplete: true,
      fps: 8,
      barsize: 30,
      autopadding: true,
      gracefulExit: false,
      emptyOnZero: true,
    },
    Presets.shades_classic,
  );
  let plan: SingleBar | null = null;
  let hints: SingleBar | null = null;
  let prompts: SingleBar | null = null;
  let pace: RunPace | null = null;
  let engineNote = '';
  let hasEnded = false;
  const refresh = () => {
    if (!pace) return;
    hints?.update(Math.max(pace.prepared, pace.settled), { note: '' });
    prompts?.update(pace.settled, { note: noteOf(pace, engineNote) });
  };
  const timer = setInterval(refresh, 250);
  timer.unref();
  return {
    onPlanned: (done, total) => {
      plan ??= bars.create(total, 0, { what: 'Plan   ', note: '' });
      plan?.update(done);
    },
    onBegin: (run) => {
      if (plan) bars.remove(plan);
      pace = new RunPace(run);
      hints = bars.create(run.total, run.settled, { what: 'Hints  ', note: '' });
      prompts = bars.create(run.total, run.settled, { what: 'Prompts', note: '' });
      pace.prepared = run.settled;
    },
    onEvent: (event) => {
      pace?.apply(event);
      if (event.type === 'task-failed') bars.log(` ✗ ${printable(event.spec)}: ${event.code}\n`);
      if (event.type === 'host-unreachable') bars.log(` ${event.host} unreachable since ${event.time}\n`);
    },
    onTaskStarted: () => pace?.start(Date.now()),
    onWorkerStatus: (status) => {
      engineNote = status.status === 'loading' ? 'engine loading' : '';
      if (status.message !== null && status.status !== 'stopped')
        engineNote = printable(status.message).slice(0, 60);
    },
    onNotice: (message) => bars.log(` ${message}\n`),
    onEnd: () => {
      if (hasEnded) return;
      hasEnded = true;
      clearInterval(timer);
      refresh();
      bars.stop();
    },
  };
}

function noteOf(pace: RunPace, engineNote: string): string {
  const remainingMs = pace.remainingMs(Date.now());
  const parts = [
    pace.failed > 0 ? `${pace.failed} failed` : '',
    remainingMs === null ? engineNote : `${durationText(remainingMs)} left`,
  ].filter((part) => part !== '');
  return parts.length > 0 ? ` · ${parts.join(' · ')}` : '';
}
