import type { WorkEngine, WorkTask } from '../../protocol/manifest.ts';
import type { LaneStatus } from '../../protocol/worker-status.ts';
import type { EngineError } from '../engines/engine.ts';
import type { UpscaleEngine } from '../upscale/upscale-engine.ts';
import { asEngineError } from './as-engine-error.ts';
import type { WorkSession } from './work-session.ts';

/** What the desk is built from. */
interface EngineDeskParts {
  /** A session with an engine that is not started yet. */
  openSession(spec: WorkEngine): WorkSession;
  /** An engine has started. */
  onReady(): void;
  /** An engine can never start. */
  onFailed(error: EngineError): void;
}

/** Keeps the one engine that new tasks go to: started when first needed, replaced when its settings change. */
export class EngineDesk {
  readonly #parts: EngineDeskParts;
  readonly #closing = new Set<Promise<void>>();
  #spec: WorkEngine | null = null;
  #session: WorkSession | null = null;
  #isReady = false;
  /** What the lanes of the last session did. */
  #lastLanes: LaneStatus[] | null = null;
  /** Sessions that no new task goes to, but that may still have requests in flight. */
  readonly #leaving = new Set<WorkSession>();

  constructor(parts: EngineDeskParts) {
    this.#parts = parts;
  }

  /** The engine starts, or starts again. */
  get isStarting(): boolean {
    return this.#session !== null && (!this.#isReady || this.#session.isRestarting);
  }

  /** Why requests wait; null while they do not. */
  get trouble(): string | null {
    return this.#session?.trouble ?? null;
  }

  /** The engine processes of the present or the last session, where it has several. */
  laneStatus(): LaneStatus[] | null {
    return this.#session?.laneStatus() ?? this.#lastLanes;
  }

  isCurrent(session: WorkSession): boolean {
    return session === this.#session;
  }

  /** From now on tasks go to such an engine. */
  use(spec: WorkEngine): void {
    if (this.#session && JSON.stringify(spec) !== JSON.stringify(this.#spec)) this.drop();
    this.#spec = spec;
  }

  /** The engine to give tasks to; null while it starts, which begins with this call if need be. */
  session(): WorkSession | null {
    if (!this.#session && this.#spec) this.#start(this.#spec);
    return this.#isReady ? this.#session : null;
  }

  /** A task goes to this session; `end` is to be called when it has ended. */
  begin(session: WorkSession): void {
    session.tasks += 1;
  }

  end(session: WorkSession): void {
    session.tasks -= 1;
    this.#freeWhenUnused(session);
  }

  /** There is nothing to ask at the moment: an engine that others may wait for is let go. */
  rest(): void {
    if (this.#isReady && this.#session?.isReleasedWhenIdle && this.#session.tasks === 0) this.drop();
  }

  /** The model of the present session, where it upscales. */
  get upscaleModel(): UpscaleEngine | null {
    return this.#session?.upscaleModel ?? null;
  }

  /** Tells the present session of a task. */
  expect(task: WorkTask, isDone: boolean): void {
    this.#session?.expect(task, isDone);
  }

  /** Forgets that the engine was away. */
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
    await Promise.allSettled([...this.#closing, ...[...this.#leaving].map((session) => session.close())]);
  }

  #freeWhenUnused(session: WorkSession): void {
    if (session.tasks > 0 || !this.#leaving.delete(session)) return;
    const stopped = session
      .close()
      .catch(() => undefined)
      .finally(() => this.#closing.delete(stopped));
    this.#closing.add(stopped);
  }

  #start(spec: WorkEngine): void {
    const session = this.#parts.openSession(spec);
    this.#session = session;
    const started = this.#tryStart(session).finally(() => this.#closing.delete(started));
    this.#closing.add(started);
  }

  async #tryStart(session: WorkSession): Promise<void> {
    try {
      await session.start();
    } catch (error) {
      if (this.isCurrent(session)) this.#parts.onFailed(asEngineError(error));
      return;
    }
    if (!this.isCurrent(session)) return;
    this.#isReady = true;
    this.#parts.onReady();
  }
}
