import { ConcurrencyLimiter } from '../../async/limits.ts';
import type { Clock } from '../../ports/clock.ts';
import type { EngineSpec } from '../../protocol/manifest.ts';
import { EngineError } from '../tasks/engine-error.ts';
import { CircuitBreaker } from './circuit-breaker.ts';

/** Calls one engine: at most `concurrency` requests at a time, and only probes while it is unreachable. */
export class EngineCaller {
  readonly breaker: CircuitBreaker;
  readonly #limiter: ConcurrencyLimiter;
  /** What ended the engine's use; requests that wait for a slot then get the same. */
  #fatal: EngineError | null = null;

  constructor(spec: EngineSpec, clock: Clock, random01: () => number) {
    this.breaker = new CircuitBreaker(spec.retry, clock, random01);
    this.#limiter = new ConcurrencyLimiter(spec.concurrency);
  }

  /**
   * Sends a request, as often as outages make it necessary. Rejects with what `send` rejects with; with an `outage`
   * {@link EngineError} when the engine was given up; with the signal's reason when that aborts while waiting.
   */
  async call<T>(send: () => Promise<T>, signal: AbortSignal): Promise<T> {
    for (;;) {
      const outcome = await this.#limiter.run(() => this.#callOnce(send, signal), signal);
      if (outcome) return outcome.answer;
    }
  }

  /** Null when the engine was unreachable. */
  async #callOnce<T>(send: () => Promise<T>, signal: AbortSignal): Promise<{ readonly answer: T } | null> {
    if (this.#fatal) throw this.#fatal;
    const pass = await this.breaker.enter(signal);
    try {
      const answer = await send();
      this.breaker.answered(pass);
      return { answer };
    } catch (error) {
      if (error instanceof EngineError && error.class === 'outage') {
        this.breaker.failed(pass, error);
        return null;
      }
      if (error instanceof EngineError && error.class === 'fatal') this.#fatal ??= error;
      if (error instanceof EngineError && error.code !== 'engine-timeout') this.breaker.answered(pass);
      else this.breaker.abandoned(pass);
      throw error;
    }
  }
}
