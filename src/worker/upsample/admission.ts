import { WaitQueue } from '../../async/wait-queue.ts';
import type { Clock } from '../../ports/clock.ts';
import type { EngineSpec } from '../../protocol/manifest.ts';
import { EngineError } from '../engines/engine.ts';
import { OutageGate } from './circuit-breaker.ts';

/**
 * Who may ask the engine, and when: at most `concurrency` requests at a time, and while the engine is away, one
 * that looks whether it is back.
 */
export class Admission {
  readonly gate: OutageGate;
  readonly #waiting = new WaitQueue();
  #freeSlots: number;
  /** What ended the engine's use; whoever waits for a slot then gets the same. */
  #fatal: EngineError | null = null;

  constructor(spec: EngineSpec, clock: Clock, random01: () => number) {
    this.gate = new OutageGate(spec.retry, clock, random01);
    this.#freeSlots = spec.concurrency;
  }

  /**
   * Asks, as often as outages make it necessary. Rejects with what `ask` rejects with; with an `outage`
   * {@link EngineError} when the engine was given up; with the signal's reason when that aborts while waiting.
   */
  async ask<T>(ask: () => Promise<T>, signal: AbortSignal): Promise<T> {
    for (;;) {
      await this.#takeSlot(signal);
      try {
        if (this.#fatal) throw this.#fatal;
        const outcome = await this.#askOnce(ask, signal);
        if (outcome) return outcome.answer;
      } finally {
        this.#freeSlot();
      }
    }
  }

  /** Null when the engine was away. */
  async #askOnce<T>(ask: () => Promise<T>, signal: AbortSignal): Promise<{ readonly answer: T } | null> {
    const pass = await this.gate.enter(signal);
    try {
      const answer = await ask();
      this.gate.answered(pass);
      return { answer };
    } catch (error) {
      if (error instanceof EngineError && error.class === 'outage') {
        this.gate.failed(pass, error);
        return null;
      }
      if (error instanceof EngineError && error.class === 'fatal') this.#fatal ??= error;
      if (error instanceof EngineError && error.code !== 'engine-timeout') this.gate.answered(pass);
      else this.gate.abandoned(pass);
      throw error;
    }
  }

  async #takeSlot(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#freeSlots > 0) this.#freeSlots -= 1;
    else await this.#waiting.wait(signal);
  }

  /** The slot goes straight to the one that waits longest. */
  #freeSlot(): void {
    if (!this.#waiting.wakeOne()) this.#freeSlots += 1;
  }
}
