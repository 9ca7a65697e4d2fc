import type { UpscaleObserver } from '../../ports/run-observer.ts';

/** Passes everything on to several observers. */
export function combineUpscaleObservers(observers: readonly UpscaleObserver[]): UpscaleObserver {
  const each = (tell: (observer: UpscaleObserver) => void) => {
    for (const observer of observers) tell(observer);
  };
  return {
    onScan: (done, total) => each((observer) => observer.onScan(done, total)),
    onBegin: (run) => each((observer) => observer.onBegin(run)),
    onEvent: (event) => each((observer) => observer.onEvent(event)),
    onTaskStarted: (key) => each((observer) => observer.onTaskStarted(key)),
    onFrames: (done) => each((observer) => observer.onFrames(done)),
    onWorkerStatus: (status) => each((observer) => observer.onWorkerStatus(status)),
    onAssembly: (progress) => each((observer) => observer.onAssembly(progress)),
    onNotice: (message) => each((observer) => observer.onNotice(message)),
    onEnd: () => each((observer) => observer.onEnd()),
  };
}

/** An observer that ignores what is not given. */
export function partialUpscaleObserver(parts: Partial<UpscaleObserver>): UpscaleObserver {
  const ignore = () => undefined;
  return {
    onScan: ignore,
    onBegin: ignore,
    onEvent: ignore,
    onTaskStarted: ignore,
    onFrames: ignore,
    onWorkerStatus: ignore,
    onAssembly: ignore,
    onNotice: ignore,
    onEnd: ignore,
    ...parts,
  };
}
