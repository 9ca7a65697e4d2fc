import type { UpsampleObserver, UpscaleObserver } from '../../ports/run-observer.ts';

const ignore = () => undefined;

const silent: UpsampleObserver & UpscaleObserver = {
  onPlanned: ignore,
  onScan: ignore,
  onBegin: ignore,
  onEvent: ignore,
  onTaskStarted: ignore,
  onFrames: ignore,
  onWorkerStatus: ignore,
  onAssembly: ignore,
  onNotice: ignore,
  onEnd: ignore,
};

/** An observer of a run that enriches specs; it ignores what is not given. */
export function partialObserver(given: Partial<UpsampleObserver>): UpsampleObserver {
  return { ...silent, ...given };
}

/** An observer of a run that upscales a video; it ignores what is not given. */
export function partialUpscaleObserver(given: Partial<UpscaleObserver>): UpscaleObserver {
  return { ...silent, ...given };
}

/** Passes everything on to several observers. */
export function combineObservers<Observer extends UpsampleObserver | UpscaleObserver>(
  observers: readonly Observer[],
): Observer {
  const passOn =
    (name: string) =>
    (...values: unknown[]) => {
      for (const observer of observers) {
        const method: unknown = Reflect.get(observer, name);
        if (typeof method === 'function') method.apply(observer, values);
      }
    };
  return Object.fromEntries(Object.keys(silent).map((name) => [name, passOn(name)])) as unknown as Observer;
}
