import type { RunObserver } from '../../ports/run-observer.ts';
import { printable } from '../words.ts';
import { BarStack, type TerminalStream } from './bar-stack.ts';
import { EngineWatch } from './engine-watch.ts';
import { createFailureTeller, hostText, remainingText, standText } from './progress-words.ts';
import { RunPace } from './run-pace.ts';

/** Progress as bars on a terminal: one for the plan, then one for hints and one for prompts. */
export function createBarProgress(stream: TerminalStream): RunObserver {
  const bars = new BarStack(stream);
  const engine = new EngineWatch();
  const failureText = createFailureTeller();
  let engineName = '';
  let pace: RunPace | null = null;
  let hasEnded = false;
  const tell = (line: string | null) => {
    if (line !== null) bars.log(line);
  };
  const refresh = () => {
    if (pace) showRun(bars, pace, engine, engineName);
  };
  const timer = setInterval(refresh, 250);
  timer.unref();
  return {
    onPlanned: (done, total) => bars.show({ what: 'Plan', done, total, text: `${done}/${total}` }),
    onBegin: (run) => {
      bars.remove('Plan');
      pace = new RunPace(run);
      engineName = printable(run.engine ?? '');
      refresh();
    },
    onEvent: (event) => {
      pace?.apply(event);
      tell(event.type === 'task-failed' ? failureText(event) : hostText(event));
    },
    onTaskStarted: () => pace?.start(Date.now()),
    onWorkerStatus: (status) => tell(engine.apply(status, Date.now())),
    onNotice: (message) => bars.log(message),
    onEnd: () => {
      if (hasEnded) return;
      hasEnded = true;
      clearInterval(timer);
      refresh();
      bars.stop();
    },
  };
}

function showRun(bars: BarStack, pace: RunPace, engine: EngineWatch, engineName: string): void {
  const { total, settled } = pace;
  const nowMs = Date.now();
  const prepared = Math.max(pace.prepared, settled);
  const { trouble } = engine;
  const note = engine.note(nowMs);
  const outlook = trouble === null ? note || remainingText(pace, nowMs) : '';
  bars.show({ what: 'Hints', done: prepared, total, text: `${prepared}/${total}` });
  bars.show({ what: 'Prompts', done: settled, total, text: joined(standText(pace), outlook) });
  const said = trouble === null ? engineName : `${note}: ${trouble}`;
  bars.show({ what: 'Engine', done: 0, total: null, text: said });
}

function joined(...parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join(' · ');
}
