import pMap from 'p-map';
import { onAbort } from '../../async/abort.ts';
import { AsyncQueue } from '../../async/queues.ts';
import { shortened } from '../../core/shortened.ts';
import { AppError } from '../../errors/app-error.ts';
import type { Clock } from '../../ports/clock.ts';
import type { HostEvent } from '../../ports/host.ts';
import type { SharedStore } from '../../ports/shared-store.ts';
import { type JobKind, type JobNews, jobNewsSchema } from '../../protocol/queue.ts';
import { waitEvent } from '../host-run/wait-event.ts';
import type { RedisJobs } from '../queue/redis-jobs.ts';
import type { StoredJobs } from './stored-jobs.ts';

const readsAtOnce = 32;

/** Most news that wait for the reader: what comes beyond that is left to the scans. */
const mostWaiting = 10_000;

/** Most changes of machines that a session tells of; each is recorded. */
const mostChanges = 10_000;

/** How often an open run looks around, in milliseconds. */
export interface QueueRunTiming {
  /** For results in the store: what workers tell is quicker, but may be lost. */
  readonly scanMs: number;
  /** For jobs that Redis lost. */
  readonly refillMs: number;
  /** How long the run's lock lives when it is not renewed: so long workers leave a video to a client that was killed. */
  readonly lockMs: number;
  /** How long Redis may be away before the run ends. */
  readonly maxOutageMs: number;
}

export interface QueueRunDeps {
  readonly runId: string;
  readonly machine: string;
  readonly jobs: RedisJobs;
  readonly store: SharedStore;
  /** Starts a worker for this queue, as a person types it. */
  readonly workerCommand: string;
  readonly clock: Clock;
  readonly timing: QueueRunTiming;
  /** Aborts when the run is stopped. */
  readonly signal?: AbortSignal | undefined;
  close(): Promise<void>;
}

/** What becomes known of an open run: by what workers tell, and by looking into the store now and then. */
export class QueueNews {
  /** Tasks whose result the caller knows of. */
  readonly reported = new Set<string>();
  /** Kinds of jobs of this run. */
  readonly kinds = new Set<JobKind>();
  readonly #deps: QueueRunDeps;
  readonly #stored: StoredJobs;
  readonly #onRefill: () => Promise<void>;
  #onKind: (kind: JobKind) => void = () => undefined;
  #isOver = false;
  #notifyWait: (reason: string | null) => void = () => undefined;
  /** What this process waits for, by what it does. */
  readonly #waits = new Map<'write' | 'work', string>();
  /** How each machine that was heard of stands, as was told last. */
  readonly #machines = new Map<string, string>();
  #changes = 0;
  /** Tasks whose result is being read. */
  readonly #reading = new Set<string>();

  /** @param onRefill - Called now and then while Redis answers, and when it is back. */
  constructor(deps: QueueRunDeps, stored: StoredJobs, onRefill: () => Promise<void>) {
    this.#deps = deps;
    this.#stored = stored;
    this.#onRefill = onRefill;
  }

  /** Watchers are told of jobs of this kind, too. */
  noteKind(kind: JobKind): void {
    if (this.kinds.has(kind)) return;
    this.kinds.add(kind);
    this.#onKind(kind);
  }

  /** What this process waits for; null when it continues. Watchers are told of a change. */
  noteWait(what: 'write' | 'work', reason: string | null): void {
    const [before] = this.#waits.values();
    if (reason === null) this.#waits.delete(what);
    else this.#waits.set(what, reason);
    const [after] = this.#waits.values();
    if (after !== before) this.#notifyWait(after ?? null);
  }

  /** The run is closed: no failure is of interest any more. */
  end(): void {
    this.#isOver = true;
  }

  async *watch(signal: AbortSignal): AsyncGenerator<HostEvent> {
    const queue = new AsyncQueue<HostEvent>();
    const stop = new AbortController();
    const stopListening = onAbort(signal, () => queue.end());
    const failing = (error: unknown) => {
      if (!this.#isOver) queue.end(error);
    };
    const listeners = new Map<JobKind, { close(): Promise<void> }>();
    const listenTo = (kind: JobKind) => {
      if (listeners.has(kind)) return;
      const { jobs, runId } = this.#deps;
      const onNews = (jobId: string, news: unknown) => {
        if (jobId.startsWith(`${runId}.`)) this.#pass(news, queue).catch(failing);
      };
      listeners.set(kind, jobs.listen(kind, onNews));
    };
    this.#onKind = listenTo;
    for (const kind of this.kinds) listenTo(kind);
    this.#scanAgain(queue, stop.signal).catch(failing);
    this.#followRedis(queue, stop.signal).catch(failing);
    this.#followWorkers(stop.signal).catch(failing);
    this.#notifyWait = (reason) => queue.push(waitEvent(reason, 0, this.#deps.clock.now()));
    try {
      if (!signal.aborted) yield* queue;
    } finally {
      stop.abort();
      stopListening();
      this.#onKind = () => undefined;
      this.#notifyWait = () => undefined;
      for (const listener of listeners.values()) void listener.close().catch(() => undefined);
    }
  }

  async #pass(emitted: unknown, queue: AsyncQueue<HostEvent>): Promise<void> {
    const news = jobNewsSchema.safeParse(emitted).data;
    if (!news || queue.waitingCount + this.#reading.size >= mostWaiting) return;
    if (news.type === 'finished') {
      const isIdle = (this.#machines.get(news.machine) ?? 'working') !== 'working';
      if (isIdle) this.#change(queue, news.machine, 'working', null);
      return await this.#report(news.key, queue, news.machine);
    }
    if (news.type === 'refused' || news.type === 'waiting')
      return this.#change(queue, news.machine, news.type, shortened(news.message));
    for (const event of eventsOf(news)) {
      const isLate = event.type === 'task-assigned' && this.reported.has(event.taskKey);
      if (!isLate) queue.push(event);
    }
  }

  #change(
    queue: AsyncQueue<HostEvent>,
    machine: string,
    state: 'working' | 'waiting' | 'refused',
    message: string | null,
  ): void {
    const standing = message === null ? state : `${state} ${message}`;
    if (this.#machines.get(machine) === standing || this.#changes >= mostChanges) return;
    this.#changes += 1;
    this.#machines.set(machine, standing);
    queue.push({ type: 'machine-changed', machine, state, message });
  }

  async #report(taskKey: string, queue: AsyncQueue<HostEvent>, machine?: string): Promise<void> {
    if (this.reported.has(taskKey) || this.#reading.has(taskKey)) return;
    this.#reading.add(taskKey);
    const result = await this.#stored.results.read(taskKey).finally(() => this.#reading.delete(taskKey));
    if (result === null || this.reported.has(taskKey)) return;
    this.reported.add(taskKey);
    queue.push({ type: 'task-finished', result, ...(machine !== undefined && { machine }) });
  }

  /** Until `signal` aborts. */
  async #scanAgain(queue: AsyncQueue<HostEvent>, signal: AbortSignal): Promise<void> {
    const { clock, timing } = this.#deps;
    while (!signal.aborted) {
      const keys = [...(await this.#stored.finishedKeys())].filter((key) => !this.reported.has(key));
      await pMap(keys, (key) => this.#report(key, queue), { concurrency: readsAtOnce });
      await clock.sleep(timing.scanMs, signal).catch(() => undefined);
    }
  }

  /** Until `signal` aborts: no worker may be there to do what waits. */
  async #followWorkers(signal: AbortSignal): Promise<void> {
    const { clock, timing, jobs } = this.#deps;
    while (!signal.aborted) {
      if (jobs.redis.status === 'ready') this.noteWait('work', await this.#whyNobodyWorks());
      await clock.sleep(timing.scanMs, signal).catch(() => undefined);
    }
  }

  async #whyNobodyWorks(): Promise<string | null> {
    const { jobs, clock, workerCommand } = this.#deps;
    const isOpen = [...this.#stored.taskKeys].some((key) => !this.reported.has(key));
    if (!isOpen) return null;
    if (await jobs.isPaused())
      return 'the queue is drained, so workers take no jobs; to let them, run: cosmos queue drain --resume';
    const workers = await jobs.workers(clock.now());
    if (workers.some((worker) => worker.kinds.some((kind) => this.kinds.has(kind)))) return null;
    const lacking =
      workers.length === 0
        ? 'no worker is connected to the queue'
        : `no worker of the queue does ${[...this.kinds].join(', ')}`;
    return `${lacking}; start one with: ${workerCommand}`;
  }

  /** Until `signal` aborts. @throws AppError `host-unreachable` when Redis stays away for too long. */
  async #followRedis(queue: AsyncQueue<HostEvent>, signal: AbortSignal): Promise<void> {
    const { clock, timing, jobs, runId, machine } = this.#deps;
    const pauseMs = Math.min(1_000, timing.refillMs, timing.lockMs / 4);
    let unreachableSinceMs: number | null = null;
    let refilledMs = clock.now();
    let lockedMs = clock.now();
    while (!signal.aborted) {
      await clock.sleep(pauseMs, signal).catch(() => undefined);
      if (signal.aborted) return;
      jobs.assertTrusted();
      const isUnreachable = jobs.redis.status !== 'ready';
      if (isUnreachable && unreachableSinceMs === null) {
        unreachableSinceMs = clock.now();
        queue.push({
          type: 'unreachable',
          message: `Redis at ${jobs.redis.options.host} does not answer; workers continue with what they have.`,
        });
      }
      if (isUnreachable) {
        if (clock.now() - (unreachableSinceMs ?? 0) > timing.maxOutageMs) throw redisUnreachable();
        continue;
      }
      const isBack = unreachableSinceMs !== null;
      if (isBack) queue.push({ type: 'reachable' });
      unreachableSinceMs = null;
      if (isBack || clock.now() - lockedMs >= timing.lockMs / 4) {
        lockedMs = clock.now();
        await jobs.lockRun(runId, machine, timing.lockMs);
      }
      if (!isBack && clock.now() - refilledMs < timing.refillMs) continue;
      refilledMs = clock.now();
      await this.#onRefill();
    }
  }
}

/** What a worker says, in the words of a host. */
function eventsOf(
  news: Exclude<JobNews, { type: 'finished' | 'refused' | 'waiting' }>,
): readonly HostEvent[] {
  const { machine } = news;
  if (news.type === 'assigned')
    return news.keys.map((taskKey) => ({ type: 'task-assigned', taskKey, machine, isCopy: false }));
  const { key: taskKey } = news;
  if (news.type === 'started') return [{ type: 'task-started', taskKey, machine }];
  return [{ type: 'task-progress', taskKey, doneParts: news.done_parts, totalParts: news.total_parts }];
}

function redisUnreachable(): AppError {
  return new AppError({
    code: 'host-unreachable',
    message: 'Redis did not come back.',
    nextStep: 'Workers finish what they have. When Redis is back, attach to the run.',
    isRetryable: true,
  });
}
