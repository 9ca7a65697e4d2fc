import { ConcurrencyLimiter } from '../../async/limits.ts';
import type { PlannedSpec } from '../../core/upsample/upsample-plan.ts';
import type { UpsampleSettings } from '../../core/upsample/upsample-settings.ts';
import type { Ports } from '../../ports/ports.ts';
import { hintRequestOf } from './prepare-task.ts';

/** Hints that are made early: enough for an engine to begin with, and soon there. */
const mostHints = 64;

/**
 * Makes the hints of the first specs while the others are planned. They go to the cache, where preparing finds them: a plan that
 * comes to nothing has only used some time.
 */
export class EarlyHints implements Disposable {
  readonly #media: Pick<Ports['media'], 'makeHint'>;
  readonly #signal: AbortSignal;
  readonly #end = new AbortController();
  readonly #atOnce: ConcurrencyLimiter;
  readonly #known = new Set<string>();

  constructor({ media, parallelism }: Pick<Ports, 'media' | 'parallelism'>, signal: AbortSignal) {
    this.#media = media;
    this.#signal = AbortSignal.any([signal, this.#end.signal]);
    this.#atOnce = new ConcurrencyLimiter(parallelism);
  }

  /** Begins with the hint of a spec, if it is one of the first. What fails is told when it is prepared. */
  begin(planned: PlannedSpec, settings: UpsampleSettings): void {
    if (this.#known.size >= mostHints || planned.action === 'fail') return;
    const request = hintRequestOf(planned, settings);
    const key = JSON.stringify(request);
    if (request === null || this.#known.has(key)) return;
    this.#known.add(key);
    const make = () => this.#media.makeHint(request, this.#signal);
    this.#atOnce.run(make, this.#signal).catch(() => undefined);
  }

  /** Gives up what is still being made. */
  [Symbol.dispose](): void {
    this.#end.abort(new Error('the run has ended'));
  }
}
