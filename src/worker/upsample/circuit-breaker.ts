import { WaitQueue } from '../../async/queues.ts';
import { backoffDelayMs } from '../../core/run/backoff.ts';
import type { Clock } from '../../ports/clock.ts';
import type { RetryPolicy } from '../../protocol/manifest.ts';
import { EngineError } from '../tasks/engine-error.ts';

/** Permission for one request, handed back with what came of it. */
export interface Pass {
  readonly isProbe: boolean;
  /** How many outages had started when the pass was given. */
  readonly outagesSeen: number;
}

interface Outage {
  readonly sinceMs: number;
  readonly over: AbortController;
  readonly message: string;
  probes: number;
  /** Most requests that waited at the same time. */
  waited: number;
  notBeforeMs: number;
  isProbing: boolean;
}

/**
 * Makes all requests to one engine wait together while it is unreachable: one is sent from time to time as a probe, with
 * growing pauses. After `max_outage_ms` every pass is refused, so that no request waits that long twice, until an answer
 * comes after all or `reset` is called. Begin and end of an outage are logged, and not what becomes of each request.
 */
export class CircuitBreaker {
  readonly #policy: RetryPolicy;
  readonly #clock: Clock;
  readonly #random01: () => number;
  readonly #waiting = new WaitQueue();
  readonly #log: (line: string) => void;
  #waitingCount = 0;
  #outage: Outage | null = null;
  #outagesSeen = 0;
  #givenUp: EngineError | null = null;

  constructor(policy: RetryPolicy, clock: Clock, random01: () => number, log: (line: string) => void) {
    this.#policy = policy;
    this.#clock = clock;
    this.#random01 = random01;
    this.#log = log;
  }

  get waitReason(): string | null {
    return this.#givenUp?.message ?? this.#outage?.message ?? null;
  }

  /** Waits until the engine may be asked. Rejects with an `outage` {@link EngineError} when it was given up. */
  async enter(signal: AbortSignal): Promise<Pass> {
    for (;;) {
      signal.throwIfAborted();
      if (this.#givenUp) throw this.#givenUp;
      const outage = this.#outage;
      if (!outage) return { isProbe: false, outagesSeen: this.#outagesSeen };
      if (await this.#waitIn(outage, signal)) return { isProbe: true, outagesSeen: this.#outagesSeen };
    }
  }

  /** Waits for a change; true when the request is to be the next probe. */
  async #waitIn(outage: Outage, signal: AbortSignal): Promise<boolean> {
    this.#waitingCount += 1;
    outage.waited = Math.max(outage.waited, this.#waitingCount);
    try {
      if (!outage.isProbing) return await this.#becomeProber(outage, signal);
      await this.#waiting.wait(signal);
      return false;
    } finally {
      this.#waitingCount -= 1;
    }
  }

  /** An answer came, good or bad. One to a request from before the outage says nothing about now. */
  answered(pass: Pass): void {
    if (pass.outagesSeen !== this.#outagesSeen && !this.#givenUp) return;
    if (this.#outage) this.#logEnd('The model server answers again', this.#outage);
    else if (this.#givenUp) this.#log('The model server answers again.');
    this.reset();
  }

  /** The request was stopped, or it is not known what came of it. */
  abandoned(pass: Pass): void {
    if (pass.isProbe && this.#outage) this.#endProbe(this.#outage);
  }

  failed(pass: Pass, error: EngineError): void {
    const isNews = pass.outagesSeen === this.#outagesSeen;
    if (!isNews || this.#givenUp) return;
    const nowMs = this.#clock.now();
    const outage = this.#outage ?? this.#beginOutage(nowMs, error.message);
    outage.probes += 1;
    // By now those that were asked at the same time have failed, too.
    if (outage.probes === 2)
      this.#log(`The model server still does not answer; ${requests(outage.waited)} waiting.`);
    const leftMs = outage.sinceMs + this.#policy.max_outage_ms - nowMs;
    const askedMs = error.retryAfterMs ?? 0;
    const allowedMs = this.#policy.max_outage_ms;
    if (leftMs <= 0)
      this.#giveUp(error, `Gave up after ${inSeconds(nowMs - outage.sinceMs)} (retry.max_outage_s).`);
    else if (askedMs > leftMs) {
      const asked = `It asks to wait for ${inSeconds(askedMs)}`;
      this.#giveUp(error, `${asked}, and retry.max_outage_s allows ${inSeconds(allowedMs)}.`);
    } else {
      outage.notBeforeMs = nowMs + Math.max(askedMs, Math.min(leftMs, this.#pauseMs(outage.probes)));
      this.#endProbe(outage);
    }
  }

  reset(): void {
    this.#outage?.over.abort();
    this.#outage = null;
    this.#givenUp = null;
    this.#waiting.wakeAll();
  }

  #beginOutage(sinceMs: number, message: string): Outage {
    this.#outagesSeen += 1;
    const over = new AbortController();
    this.#outage = { sinceMs, over, message, probes: 0, waited: 1, notBeforeMs: 0, isProbing: false };
    this.#log(`The model server does not answer: ${message}`);
    return this.#outage;
  }

  /** Waits for the next probe's time; false when the outage ended meanwhile. */
  async #becomeProber(outage: Outage, signal: AbortSignal): Promise<boolean> {
    outage.isProbing = true;
    try {
      const pauseMs = Math.max(0, outage.notBeforeMs - this.#clock.now());
      await this.#clock.sleep(pauseMs, AbortSignal.any([signal, outage.over.signal]));
      return true;
    } catch (error) {
      this.#endProbe(outage);
      if (signal.aborted) throw error;
      return false;
    }
  }

  #endProbe(outage: Outage): void {
    outage.isProbing = false;
    this.#waiting.wakeAll();
  }

  #giveUp(error: EngineError, why: string): void {
    if (this.#outage) this.#logEnd('The model server is given up', this.#outage);
    this.reset();
    this.#givenUp = new EngineError({
      code: 'engine-unreachable',
      class: 'outage',
      message: `${error.message} ${why}`,
      cause: error,
    });
  }

  #logEnd(what: string, { sinceMs, waited }: Outage): void {
    this.#log(`${what} after ${inSeconds(this.#clock.now() - sinceMs)}; ${requests(waited)} waiting.`);
  }

  #pauseMs(probes: number): number {
    const policy = { baseDelayMs: this.#policy.base_delay_ms, maxDelayMs: this.#policy.max_delay_ms };
    return backoffDelayMs(probes, policy, this.#random01());
  }
}

function requests(count: number): string {
  return count === 1 ? '1 request was' : `${count} requests were`;
}

function inSeconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`;
}
