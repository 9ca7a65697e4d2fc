import type {
  InferenceObserver,
  RunObserver,
  UpsampleObserver,
  VideoObserver,
  VideoSetObserver,
} from '../../ports/run-observer.ts';

const ignore = () => undefined;

/** Of every kind of run. */
export type AnyObserver = UpsampleObserver & VideoObserver & VideoSetObserver & InferenceObserver;

const silent: AnyObserver = {
  onPlanned: ignore,
  onScan: ignore,
  onDetect: ignore,
  onBegin: ignore,
  onEvent: ignore,
  onTaskStarted: ignore,
  onFrames: ignore,
  onVideo: ignore,
  onVideoScan: ignore,
  onVideoFrames: ignore,
  onVideoAssembly: ignore,
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
export function combineObservers(observers: readonly RunObserver[]): AnyObserver {
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
