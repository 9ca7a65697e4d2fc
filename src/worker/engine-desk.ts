import type { Clock } from '../ports/clock.ts';
import type { EngineSpec } from '../protocol/manifest.ts';
import { asEngineError } from './as-engine-error.ts';
import { EngineSession } from './engine-session.ts';
import type { Engine, EngineError } from './engines/engine.ts';

/** What the desk is built from. */
export interface EngineDeskParts {
  readonly clock: Clock;
  readonly random01: () => number;
  createEngine(spec: EngineSpec): Engine;
  /** An engine has started. */
  onReady(): void;
  /** An engine can never start. */
  onFailed(error: EngineError): void;
}

/** Keeps the one engine that new tasks go to: started when first needed, replaced when its settings change. */
export class EngineDesk {
  readonly #parts: EngineDeskParts;
  readonly #closing = new Set<Promise<void>>();
  #spec: EngineSpec | null = null;
  #session: EngineSession | null = null;
  #isReady = false;
  /** Sessions that no new task goes to, but that may still have requests in flight. */
  readonly #leaving = new Set<EngineSession>();

  constructor(parts: EngineDeskParts) {
    this.#parts = parts;
  }

  /** The engine starts, or starts again. */
  get isStarting(): boolean {
    return this.#session !== null && (!this.#isReady || this.#session.engine.trouble != null);
  }

  /** Why requests wait; null while they do not. */
  get trouble(): string | null {
    return this.#session?.engine.trouble ?? this.#session?.admission.gate.trouble ?? null;
  }

  isCurrent(session: EngineSession): boolean {
    return session === this.#session;
  }

  /** From now on tasks go to such an engine. */
  use(spec: EngineSpec): void {
    if (this.#session && JSON.stringify(spec) !== JSON.stringify(this.#spec)) this.drop();
    this.#spec = spec;
  }

  /** The engine to give tasks to; null while it starts, which begins with this call if need be. */
  session(): EngineSession | null {
    if (!this.#session && this.#spec) this.#start(this.#spec);
    return this.#isReady ? this.#session : null;
  }

  /** A task goes to this session; `end` is to be called when it has ended. */
  begin(session: EngineSession): void {
    session.tasks += 1;
  }

  end(session: EngineSession): void {
    session.tasks -= 1;
    this.#freeWhenUnused(session);
  }

  /** There is nothing to ask at the moment: an engine that others may wait for is let go. */
  rest(): void {
    if (this.#isReady && this.#session?.engine.isReleasedWhenIdle && this.#session.tasks === 0) this.drop();
  }

  /** Forgets that the engine was away. */
  tryAgain(): void {
    this.#session?.admission.gate.reset();
  }

  /** No new request goes to the present engine; the next `session` call starts another one. */
  drop(): void {
    const session = this.#session;
    if (!session) return;
    session.stop();
    this.#leaving.add(session);
    this.#session = null;
    this.#isReady = false;
    this.#freeWhenUnused(session);
  }

  /** No request begins any more, on any engine. */
  stop(): void {
    this.drop();
    this.#spec = null;
  }

  /** Ends the requests in flight. */
  abort(): void {
    for (const session of this.#leaving) session.abort();
  }

  /** Frees what the engines took. Called when no task is left. */
  async close(): Promise<void> {
    this.abort();
    await Promise.allSettled([
      ...this.#closing,
      ...[...this.#leaving].map((session) => session.engine.stop()),
    ]);
  }

  #freeWhenUnused(session: EngineSession): void {
    if (session.tasks > 0 || !this.#leaving.delete(session)) return;
    const stopped = session.engine
      .stop()
      .catch(() => undefined)
      .finally(() => this.#closing.delete(stopped));
    this.#closing.add(stopped);
  }

  #start(spec: EngineSpec): void {
    const engine = this.#parts.createEngine(spec);
    const session = new EngineSession(spec, engine, this.#parts.clock, this.#parts.random01);
    this.#session = session;
    const started = this.#tryStart(session).finally(() => this.#closing.delete(started));
    this.#closing.add(started);
  }

  async #tryStart(session: EngineSession): Promise<void> {
    try {
      await session.engine.start(session.stopSignal);
    } catch (error) {
      if (this.isCurrent(session)) this.#parts.onFailed(asEngineError(error));
      return;
    }
    if (!this.isCurrent(session)) return;
    this.#isReady = true;
    this.#parts.onReady();
  }
}
