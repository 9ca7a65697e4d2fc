import { BackgroundWork } from '../../async/limits.ts';
import type { Manifest, WorkTask } from '../../protocol/manifest.ts';
import type { LaneStatus } from '../../protocol/worker-status.ts';
import { asEngineError, type EngineError } from './engine-error.ts';
import type { EngineSession } from './engine-session.ts';

export type WantedEngine = Pick<Manifest, 'kind' | 'engine'>;

interface EngineManagerDeps {
  openSession(wanted: WantedEngine): EngineSession;
  onReady(): void;
  /** An engine can never start. */
  onFailed(error: EngineError): void;
}

/** Keeps the one engine that new tasks go to: started when first needed, replaced when its settings change. */
export class EngineManager {
  readonly #deps: EngineManagerDeps;
  readonly #background = new BackgroundWork(Number.POSITIVE_INFINITY, () => undefined);
  /** Sessions that no new task goes to, but that may still have requests in flight. */
  readonly #leaving = new Set<EngineSession>();
  #wanted: WantedEngine | null = null;
  #session: EngineSession | null = null;
  #isReady = false;
  #lastLanes: LaneStatus[] | null = null;

  constructor(deps: EngineManagerDeps) {
    this.#deps = deps;
  }

  get isStarting(): boolean {
    return this.#session !== null && (!this.#isReady || this.#session.isRestarting);
  }

  get waitReason(): string | null {
    return this.#session?.waitReason ?? null;
  }

  laneStatus(): LaneStatus[] | null {
    return this.#session?.laneStatus() ?? this.#lastLanes;
  }

  isCurrent(session: EngineSession): boolean {
    return session === this.#session;
  }

  /** Whether tasks go to this engine already. */
  isWanted({ kind, engine }: WantedEngine): boolean {
    return JSON.stringify({ kind, engine }) === JSON.stringify(this.#wanted);
  }

  /** From now on tasks go to this engine. */
  use({ kind, engine }: WantedEngine): void {
    if (!this.isWanted({ kind, engine })) this.drop();
    this.#wanted = { kind, engine };
  }

  /** The engine to give tasks to; null while it starts, which begins with this call if need be. */
  session(): EngineSession | null {
    if (!this.#session && this.#wanted) this.#start(this.#wanted);
    return this.#isReady ? this.#session : null;
  }

  /** Does the work of one task with a session, which is kept open meanwhile. */
  async keepOpen(session: EngineSession, work: () => Promise<void>): Promise<void> {
    session.tasks += 1;
    try {
      await work();
    } finally {
      session.tasks -= 1;
      this.#closeWhenUnused(session);
    }
  }

  /** There is nothing to ask at the moment: an engine that others may wait for is released. */
  rest(): void {
    if (this.#isReady && this.#session?.isReleasedWhenIdle && this.#session.tasks === 0) this.drop();
  }

  expect(task: WorkTask, isDone: boolean): void {
    this.#session?.expect(task, isDone);
  }

  tryAgain(): void {
    this.#session?.tryAgain();
  }

  /** No new request goes to the present engine; the next `session` call starts another one. */
  drop(): void {
    const session = this.#session;
    if (!session) return;
    this.#lastLanes =
      session.laneStatus()?.map((lane) => ({ ...lane, status: 'idle', current_batch: null })) ?? null;
    session.stop();
    this.#leaving.add(session);
    this.#session = null;
    this.#isReady = false;
    this.#closeWhenUnused(session);
  }

  /** No request begins any more, on any engine. */
  stop(): void {
    this.drop();
    this.#wanted = null;
  }

  /** Ends the requests in flight. */
  abort(): void {
    for (const session of this.#leaving) session.abort();
  }

  /** Frees what the engines took. Called when no task is left. */
  async close(): Promise<void> {
    this.abort();
    for (const session of this.#leaving) this.#background.add(session.close());
    await this.#background.ended();
  }

  #closeWhenUnused(session: EngineSession): void {
    if (session.tasks === 0 && this.#leaving.delete(session)) this.#background.add(session.close());
  }

  #start(wanted: WantedEngine): void {
    this.#session = this.#deps.openSession(wanted);
    this.#background.add(this.#tryStart(this.#session));
  }

  async #tryStart(session: EngineSession): Promise<void> {
    try {
      await session.start();
    } catch (error) {
      if (this.isCurrent(session)) this.#deps.onFailed(asEngineError(error));
      return;
    }
    if (!this.isCurrent(session)) return;
    this.#isReady = true;
    this.#deps.onReady();
  }
}
