import { setMaxListeners } from 'node:events';
import type { Clock } from '../ports/clock.ts';
import type { EngineSpec } from '../protocol/manifest.ts';
import { Admission } from './admission.ts';
import type { Engine } from './engines/engine.ts';

/** One engine in use, from its start to its last answer. */
export class EngineSession {
  readonly spec: EngineSpec;
  readonly engine: Engine;
  readonly admission: Admission;
  /** How many of its tasks are under way. */
  tasks = 0;
  readonly #stopping = new AbortController();
  readonly #aborting = new AbortController();

  constructor(spec: EngineSpec, engine: Engine, clock: Clock, random01: () => number) {
    this.spec = spec;
    this.engine = engine;
    this.admission = new Admission(spec, clock, random01);
    // One listener per task that waits or asks; their number is bounded by `taskLimit`.
    setMaxListeners(0, this.#stopping.signal, this.#aborting.signal);
  }

  /** Aborts when no new request may begin. */
  get stopSignal(): AbortSignal {
    return this.#stopping.signal;
  }

  /** Aborts when requests in flight are to end, too. */
  get abortSignal(): AbortSignal {
    return this.#aborting.signal;
  }

  /**
   * How many tasks may be under way: one per slot, and where the engine can read frames ahead as many again, so
   * that reading and publishing never leave a slot empty.
   */
  get taskLimit(): number {
    return this.engine.prepare ? 2 * this.spec.concurrency : this.spec.concurrency;
  }

  /** No request begins any more; tasks that only wait are given back. */
  stop(): void {
    this.#stopping.abort(new Error('the worker takes no more tasks'));
  }

  /** Ends the requests in flight, too. */
  abort(): void {
    this.stop();
    this.#aborting.abort(new Error('the worker ends'));
  }
}
