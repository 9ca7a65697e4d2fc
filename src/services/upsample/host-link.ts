import pMap from 'p-map';
import type { UpsampleState } from '../../core/upsample/upsample-state.ts';
import { AppError } from '../../errors/app-error.ts';
import type { HostEvent, HostRun } from '../../ports/host.ts';
import type { Ports } from '../../ports/ports.ts';
import type { UpsampleObserver } from '../../ports/run-observer.ts';
import type { RunSession } from '../../ports/run-store.ts';
import type { EngineSpec, ManifestBatch } from '../../protocol/manifest.ts';
import type { TaskResult } from '../../protocol/task-result.ts';
import type { WorkerStatus } from '../../protocol/worker-status.ts';
import type { Answers } from './answers.ts';
import type { TaskHint } from './prepare-task.ts';
import type { RunLedger } from './run-ledger.ts';

/** Results that are looked at together. */
const readsAtOnce = 32;

/** What a {@link HostLink} works with. */
export interface HostLinkParts {
  readonly session: RunSession;
  readonly state: UpsampleState;
  readonly ports: Pick<Ports, 'host'>;
  readonly observer: UpsampleObserver;
  readonly ledger: RunLedger;
  readonly answers: Answers;
  readonly signal: AbortSignal;
  /** Hears of an error that the run cannot go on after. */
  readonly onError: (error: unknown) => void;
}

/** The run's side of its host: opened when first needed, listened to until the end. */
export class HostLink {
  readonly #parts: HostLinkParts;
  #opening: Promise<HostRun> | null = null;
  #collecting: Promise<void> | null = null;
  /** Keys of results that lie on the host: from earlier sittings, and from this one. */
  #finished = new Set<string>();
  #isOpen = false;
  #isAway = false;
  #hasSubmitted = false;

  constructor(parts: HostLinkParts) {
    this.#parts = parts;
  }

  /** Opens the run on its host, once; begins to listen. */
  open(): Promise<HostRun> {
    this.#opening ??= this.#start();
    return this.#opening;
  }

  /** Whether work can be handed over without waiting for the host to start. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Whether the host cannot be reached, as far as is known. */
  get isAway(): boolean {
    return this.#isAway;
  }

  /** Whether anything was handed over in this sitting. */
  get hasSubmitted(): boolean {
    return this.#hasSubmitted;
  }

  /** Like `open`, for a caller that need not wait: what goes wrong is heard by `onError`. */
  openSoon(): void {
    if (this.#opening === null) this.open().catch(this.#parts.onError);
  }

  /** What a task came to, if it is finished; asks the host only when it was opened. */
  async finished(taskKey: string): Promise<TaskResult | null> {
    if (!this.#finished.has(taskKey)) return null;
    return await (await this.open()).result(taskKey);
  }

  /** Brings the hints of a batch to the host, and hands the batch over. */
  async submit(batch: ManifestBatch, hints: readonly TaskHint[], engine: EngineSpec): Promise<number> {
    const hostRun = await this.open();
    const missing = await hostRun.missingObjects(hints.map((hint) => hint.sha256));
    await hostRun.deliver(hints.filter((hint) => missing.has(hint.sha256)));
    const { workerId } = await hostRun.submit(batch, engine);
    this.#hasSubmitted = true;
    return workerId;
  }

  /**
   * Lets go of the host.
   *
   * @param drainMs - How long the workers may finish what is in flight before they stop; null lets them go on.
   */
  async close(drainMs: number | null, stopListening: () => void): Promise<void> {
    const hostRun = await this.#opening?.catch(() => null);
    if (!hostRun) return;
    try {
      if (drainMs !== null) await hostRun.stop(drainMs);
    } finally {
      stopListening();
      await this.#collecting;
      await hostRun.close();
    }
  }

  async #start(): Promise<HostRun> {
    const { ports, session } = this.#parts;
    const { host, workers, engine } = session.checkpoint.settings;
    const needs = (engine.command?.length ?? 0) > 0 ? 'model-server' : 'nothing';
    const { signal } = this.#parts;
    const hostRun = await ports.host(host).openRun(session.runId, { workers, needs, signal });
    // What is on its way to a host that is away would be waited for as long as that may stay away.
    signal.addEventListener('abort', () => this.#isAway && void hostRun.close(), { once: true });
    const finished = await hostRun.finishedKeys();
    const failed = await this.#failedBefore(hostRun, finished);
    await hostRun.forget([...failed]);
    this.#finished = new Set(finished).difference(failed);
    this.#collecting = this.#collect(hostRun).catch(this.#parts.onError);
    this.#isOpen = true;
    return hostRun;
  }

  /** Failures that an earlier sitting told, to be tried again; one that nobody was told of is news. */
  async #failedBefore(hostRun: HostRun, finished: ReadonlySet<string>): Promise<Set<string>> {
    const keys = [...this.#parts.state.specs.values()].flatMap(({ prepared, isReopened }) =>
      prepared && isReopened && finished.has(prepared.task_key) ? [prepared.task_key] : [],
    );
    const statuses = await pMap(keys, async (key) => (await hostRun.result(key))?.status, {
      concurrency: readsAtOnce,
    });
    return new Set(keys.filter((_, at) => statuses[at] === 'failed'));
  }

  async #collect(hostRun: HostRun): Promise<void> {
    const { observer, answers, signal } = this.#parts;
    for await (const event of hostRun.watch(signal)) {
      if (event.type === 'task-started') observer.onTaskStarted(event.taskKey);
      else if (event.type === 'worker-status') this.#heed(event.status);
      else if (event.type === 'task-finished') {
        this.#finished.add(event.result.task_key);
        await answers.accept(event.result, false);
      } else if (event.type !== 'task-progress') this.#tellReachability(event);
    }
  }

  /** A worker that was adopted may still tell of the failure that ended the sitting before. */
  #heed(status: WorkerStatus): void {
    this.#parts.observer.onWorkerStatus(status);
    if (status.status !== 'failed' || !status.is_fatal || !this.#hasSubmitted) return;
    throw new AppError({
      code: fatalCodeOf(status),
      message: status.message ?? 'The engine cannot be used.',
      nextStep: `${this.#logHint()}Nothing finished is lost: mend it, then go on with --resume.`,
    });
  }

  #logHint(): string {
    const { checkpoint, runId } = this.#parts.session;
    const hasServer = (checkpoint.settings.engine.command?.length ?? 0) > 0;
    return hasServer ? `The server's log: cosmos logs ${runId} --engine. ` : '';
  }

  #tellReachability(event: Extract<HostEvent, { type: 'unreachable' | 'reachable' }>): void {
    const { host } = this.#parts.session.checkpoint.settings;
    this.#isAway = event.type === 'unreachable';
    this.#parts.ledger.emit(
      event.type === 'reachable'
        ? { type: 'host-reachable', host }
        : { type: 'host-unreachable', host, message: event.message },
    );
  }
}

function fatalCodeOf({ code }: WorkerStatus): 'engine-unreachable' | 'engine-rejected' | 'worker-failed' {
  if (code === 'engine-unreachable' || code === 'engine-rejected') return code;
  return 'worker-failed';
}
