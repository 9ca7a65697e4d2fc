import { printable, printableLines } from '../../core/printable.ts';
import type { UpscaleObserver } from '../../ports/run-observer.ts';
import { numeral } from '../text/format.ts';
import { BarStack, type TerminalStream } from './bar-stack.ts';
import { EngineWatch } from './engine-watch.ts';
import { FramePace } from './frame-pace.ts';
import { HostWatch } from './host-watch.ts';
import { createFailureTeller } from './progress-words.ts';
import { assemblyText, framesText, paceTexts } from './upscale-words.ts';

/** An upscale run as bars on a terminal: one for the scan, one for the frames, one for putting the video together. */
export function createUpscaleBars(stream: TerminalStream): UpscaleObserver {
  const bars = new BarStack(stream);
  const engine = new EngineWatch();
  const host = new HostWatch();
  const failureText = createFailureTeller();
  let engineName = '';
  let pace: FramePace | null = null;
  let isFinishing = false;
  let hasEnded = false;
  const tell = (line: string | null) => {
    if (line !== null) bars.log(line);
  };
  const refresh = () => {
    if (pace && !isFinishing) showFrames(bars, pace, { engine, host, engineName });
  };
  const timer = setInterval(refresh, 250);
  timer.unref();
  return {
    onScan: (done, total) => {
      const text = total === null ? `${numeral(done)} frames` : `${numeral(done)}/${numeral(total)}`;
      bars.show({ what: 'Scan', done, total, text });
    },
    onBegin: (run) => {
      bars.remove('Scan');
      pace = new FramePace(run);
      engineName = printable(run.engine);
      refresh();
    },
    onEvent: (event) => {
      pace?.apply(event);
      if (event.type === 'segment-failed')
        tell(failureText({ ...event, spec: `segment ${event.segment_id}` }));
      else tell(host.apply(event));
    },
    onTaskStarted: () => undefined,
    onFrames: (done) => pace?.note(done, performance.now()),
    onWorkerStatus: (status) => tell(engine.apply(status, performance.now())),
    onAssembly: (progress) => {
      if (!isFinishing) {
        refresh();
        isFinishing = true;
        bars.remove('Engine');
      }
      bars.show({ what: 'Finish', ...progress, text: assemblyText(progress) });
    },
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

interface Watches {
  readonly engine: EngineWatch;
  readonly host: HostWatch;
  readonly engineName: string;
}

function showFrames(bars: BarStack, pace: FramePace, watches: Watches): void {
  const { beside, engine } = outlookOf(pace, watches);
  const text = [framesText(pace), ...beside].join(' · ');
  bars.show({ what: 'Frames', done: pace.done, total: pace.total, text });
  bars.show({ what: 'Engine', done: 0, total: null, text: engine });
}

/** What is said beside the bar of frames, and in the row of the engine. */
function outlookOf(pace: FramePace, { engine, host, engineName }: Watches) {
  // Nothing is known of an engine while its host is away, nor of the time that is left.
  if (host.isAway) return { beside: [], engine: host.note };
  const nowMs = performance.now();
  const note = engine.note(nowMs);
  const { trouble } = engine;
  if (trouble !== null) return { beside: [], engine: `${note}: ${trouble}` };
  return { beside: note === '' ? paceTexts(pace, nowMs) : [note], engine: engineName };
}
