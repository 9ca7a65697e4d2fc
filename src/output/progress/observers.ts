import type { UpsampleObserver } from '../../ports/run-observer.ts';

/** Passes everything on to several observers. */
export function combineObservers(observers: readonly UpsampleObserver[]): UpsampleObserver {
  const each = (tell: (observer: UpsampleObserver) => void) => {
    for (const observer of observers) tell(observer);
  };
  return {
    onPlanned: (done, total) => each((observer) => observer.onPlanned(done, total)),
    onBegin: (run) => each((observer) => observer.onBegin(run)),
    onEvent: (event) => each((observer) => observer.onEvent(event)),
    onTaskStarted: (taskKey) => each((observer) => observer.onTaskStarted(taskKey)),
    onWorkerStatus: (status) => each((observer) => observer.onWorkerStatus(status)),
    onNotice: (message) => each((observer) => observer.onNotice(message)),
    onEnd: () => each((observer) => observer.onEnd()),
  };
}

/** An observer that ignores what is not given. */
export function partialObserver(parts: Partial<UpsampleObserver>): UpsampleObserver {
  const ignore = () => undefined;
  return {
    onPlanned: ignore,
    onBegin: ignore,
    onEvent: ignore,
    onTaskStarted: ignore,
    onWorkerStatus: ignore,
    onNotice: ignore,
    onEnd: ignore,
    ...parts,
  };
}
