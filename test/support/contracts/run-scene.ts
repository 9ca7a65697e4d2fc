import { join } from 'node:path';
import type { Ports } from '../../../src/ports/ports.ts';
import type { RunObserver } from '../../../src/ports/run-observer.ts';
import type { RunOutcome } from '../../../src/services/runs/carry-out.ts';
import { asItWasBegun, resumeRun } from '../../../src/services/runs/resume-run.ts';
import type {
  ActiveRun,
  RunKind,
  RunKinds,
  RunSummary,
  RunTypes,
} from '../../../src/services/runs/run-kind.ts';
import type { MemoryHost } from '../memory-host.ts';

/** What a kind of run supplies to be put through the contract: a new run, not begun, of `taskCount` tasks. */
export interface RunScene {
  readonly kind: RunKind<RunTypes>;
  /** Holds all files of the scene; runs lie in `checkpoints`. */
  readonly folder: string;
  readonly ports: Ports;
  /** Where the tasks are done. It has the name `memory`. */
  readonly host: MemoryHost;
  /** At least 3; no two tasks have the same key. */
  readonly taskCount: number;
  /** An input that has changed is taken as it is, which is said, in place of a refusal. Missing: false. */
  readonly takesChanged?: boolean;
  /** An observer of the kind that passes these on. */
  observe(told: Pick<RunObserver<unknown, ToldEvent>, 'onEvent' | 'onNotice'>): RunObserver;
  /** Plans the run and carries it out. */
  begin(
    control: Pick<ActiveRun<RunTypes>, 'observer' | 'signal' | 'leave' | 'isDetached'>,
  ): Promise<RunOutcome<RunSummary>>;
  /** Changes all inputs. Gives what each is named by. */
  changeInputs(): Promise<readonly string[]>;
}

/** As much of an event as all kinds have. */
export interface ToldEvent {
  readonly type: string;
  readonly seq: number;
  readonly status?: string;
  readonly tasks?: number;
  readonly run_id?: string;
}

/** One process's work on the run of a scene, with all that is told of it. */
export class TestSession {
  readonly events: ToldEvent[] = [];
  readonly notices: string[] = [];
  readonly #scene: RunScene;
  readonly #onEvent: (event: ToldEvent, session: TestSession) => void;
  readonly #stop = new AbortController();
  readonly #leave = new AbortController();

  /** @param onEvent - Is called while the event is told. */
  constructor(scene: RunScene, onEvent: (event: ToldEvent, session: TestSession) => void = () => undefined) {
    this.#scene = scene;
    this.#onEvent = onEvent;
  }

  async begin(isDetached = false): Promise<RunOutcome<RunSummary>> {
    return await this.#scene.begin({ ...this.#control(), isDetached });
  }

  /** Goes on with the latest run, as `attach` and `--resume latest` do. */
  async resume(isDetached = false): Promise<RunOutcome<RunSummary>> {
    const { kind, ports } = this.#scene;
    return await resumeRun(kind, asItWasBegun('latest'), { ...this.#control(), ports, isDetached });
  }

  /** What the user does with Ctrl+C. */
  stop(): void {
    this.#stop.abort(new StopError());
  }

  /** What a closed terminal does while a host works. */
  leave(): void {
    this.#leave.abort(new StopError());
  }

  /** Folder of the run, known from its first event on. */
  get runFolder(): string {
    return join(this.#scene.folder, 'checkpoints', this.events[0]?.run_id ?? '');
  }

  get types(): readonly string[] {
    return this.events.map(({ type }) => type);
  }

  #control() {
    const observer = this.#scene.observe({
      onEvent: (event) => {
        this.events.push(event);
        this.#onEvent(event, this);
      },
      onNotice: (message) => void this.notices.push(message),
    });
    return { observer, signal: this.#stop.signal, leave: this.#leave.signal };
  }
}

/** Why a session was stopped. */
export class StopError extends Error {
  constructor() {
    super('the user says stop');
  }
}

/** Begins a run, and stops it as soon as the first result is recorded; the other tasks are still to be done. */
export async function stopAfterFirst(scene: RunScene): Promise<TestSession> {
  scene.host.pauseAfter(1);
  const session = new TestSession(scene, (event) => {
    if (scene.kind.isAnswerFromHost(event)) session.stop();
  });
  await session.begin().catch((error: unknown) => {
    if (!(error instanceof StopError)) throw error;
  });
  scene.host.pauseAfter(Number.POSITIVE_INFINITY);
  return session;
}

/** The kinds of a program that has only the scene's. */
export function kindsOf({ kind }: RunScene): RunKinds {
  return new Map([[kind.format.kind, kind]]);
}
