import type {
  InferenceObserver,
  RunObserver,
  UpsampleObserver,
  VideoObserver,
} from '../../ports/run-observer.ts';

const ignore = () => undefined;

const silent: UpsampleObserver & VideoObserver & InferenceObserver = {
  onPlanned: ignore,
  onScan: ignore,
  onDetect: ignore,
  onBegin: ignore,
  onEvent: ignore,
  onTaskStarted: ignore,
  onFrames: ignore,
  onVideo: ignore,
  onWorkerStatus: ignore,
  onAssembly: ignore,
  onNotice: ignore,
  onEnd: ignore,
};

/** An observer that ignores what is not given. */
export function partialObserver<Observer extends RunObserver = UpsampleObserver>(
  given: Partial<NoInfer<Observer>>,
): Observer {
  return { ...silent, ...given } as unknown as Observer;
}

/** Passes everything on to several observers. */
export function combineObservers(
  observers: readonly RunObserver[],
): UpsampleObserver & VideoObserver & InferenceObserver {
  const passOn =
    (name: string) =>
    (...values: unknown[]) => {
      for (const observer of observers) {
        const method: unknown = Reflect.get(observer, name);
        if (typeof method === 'function') method.apply(observer, values);
      }
    };
  return Object.fromEntries(Object.keys(silent).map((name) => [name, passOn(name)])) as never;
}
