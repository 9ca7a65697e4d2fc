import { printable, printableLines } from '../../core/printable.ts';
import type { UpsampleObserver } from '../../ports/run-observer.ts';
import { BarStack, type TerminalStream } from './bar-stack.ts';
import { EngineWatch } from './engine-watch.ts';
import { HostWatch } from './host-watch.ts';
import { createFailureTeller, remainingText, standText } from './progress-words.ts';
import { RunPace } from './run-pace.ts';

/** Progress as bars on a terminal: one for the plan, then one for hints and one for prompts. */
export function createBarProgress(stream: TerminalStream): UpsampleObserver {
  const bars = new BarStack(stream);
  const engine = new EngineWatch();
  const host = new HostWatch();
  const failureText = createFailureTeller();
  let engineName = '';
  let pace: RunPace | null = null;
  let hasEnded = false;
  const tell = (line: string | null) => {
    if (line !== null) bars.log(line);
  };
  const refresh = () => {
    if (pace) showRun(bars, pace, outlookOf(pace, engine, host, engineName));
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
      tell(event.type === 'task-failed' ? failureText(event) : host.apply(event));
    },
    onTaskStarted: () => pace?.start(performance.now()),
    onWorkerStatus: (status) => tell(engine.apply(status, performance.now())),
    onNotice: (message) => bars.log(printableLines(message)),
    onEnd: () => {
      if (hasEnded) return;
      hasEnded = true;
      clearInterval(timer);
      refresh();
      bars.stop();
    },
  };
}

/** What is said beside the bar of prompts, and in the row of the engine. */
interface Outlook {
  readonly beside: string;
  readonly engine: string;
}

function outlookOf(pace: RunPace, engine: EngineWatch, host: HostWatch, engineName: string): Outlook {
  // Nothing is known of an engine while its host is away, nor of the time that is left.
  if (host.isAway) return { beside: '', engine: host.note };
  const nowMs = performance.now();
  const note = engine.note(nowMs);
  const { trouble } = engine;
  if (trouble !== null) return { beside: '', engine: `${note}: ${trouble}` };
  return { beside: note || remainingText(pace, nowMs), engine: engineName };
}

function showRun(bars: BarStack, pace: RunPace, outlook: Outlook): void {
  const { total, settled } = pace;
  const prepared = Math.max(pace.prepared, settled);
  bars.show({ what: 'Hints', done: prepared, total, text: `${prepared}/${total}` });
  bars.show({ what: 'Prompts', done: settled, total, text: joined(standText(pace), outlook.beside) });
  bars.show({ what: 'Engine', done: 0, total: null, text: outlook.engine });
}

function joined(...parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join(' · ');
}
