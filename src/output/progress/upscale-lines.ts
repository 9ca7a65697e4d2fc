import { printable, printableLines } from '../../core/printable.ts';
import type { UpscaleBeginning, UpscaleObserver } from '../../ports/run-observer.ts';
import { counted, numeral } from '../text/format.ts';
import { EngineWatch } from './engine-watch.ts';
import { FramePace } from './frame-pace.ts';
import { HostWatch } from './host-watch.ts';
import { createFailureTeller } from './progress-words.ts';
import { assemblyText, framesText, paceTexts } from './upscale-words.ts';

/** How often a line is written where no bar can be drawn, in milliseconds. */
const lineEveryMs = 10_000;

/** An upscale run as plain lines, for logs and pipes: one every 10 seconds, and one for whatever a person must know. */
export function createUpscaleLines(write: (line: string) => void): UpscaleObserver {
  const engine = new EngineWatch();
  const host = new HostWatch();
  const failureText = createFailureTeller();
  let pace: FramePace | null = null;
  /** Tells how the present part of the work stands. */
  let stand = () => 'reading the video';
  const tell = (line: string | null) => {
    if (line !== null) write(line);
  };
  const timer = setInterval(() => write(stand()), lineEveryMs);
  timer.unref();
  return {
    onScan: (done, total) => {
      stand = () => scanLine(done, total);
    },
    onBegin: (run) => {
      const begun = new FramePace(run);
      pace = begun;
      stand = () => framesLine(begun, engine, host);
      write(beginLine(run));
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
      stand = () => `finishing the video: ${assemblyText(progress)}`;
    },
    onNotice: (message) => write(printableLines(message)),
    onEnd: () => clearInterval(timer),
  };
}

function scanLine(done: number, total: number | null): string {
  return total === null
    ? `looked at ${counted(done, 'frame')}`
    : `looked at ${numeral(done)} of ${counted(total, 'frame')}`;
}

function beginLine({ runId, frames, finishedFrames, segments, engine }: UpscaleBeginning): string {
  const before = finishedFrames > 0 ? `, ${numeral(finishedFrames)} of them finished earlier` : '';
  const parts = `${counted(frames, 'frame')} in ${counted(segments, 'segment')}`;
  return `run ${runId}: ${parts}${before}; engine: ${printable(engine)}`;
}

function framesLine(pace: FramePace, engine: EngineWatch, host: HostWatch): string {
  const stand = `${framesText(pace)} frames`;
  if (host.isAway) return `${stand}, ${host.note}`;
  const nowMs = performance.now();
  const note = engine.note(nowMs);
  const [rate, left] = paceTexts(pace, nowMs);
  const more = note === '' ? [rate, left && `about ${left}`] : [note];
  return [stand, ...more.filter((text) => text !== undefined)].join(', ');
}
