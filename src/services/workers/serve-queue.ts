import { AppError, messageOf } from '../../errors/app-error.ts';
import { isPassing } from '../../errors/system-error.ts';
import type { Clock } from '../../ports/clock.ts';
import type { JobSource, TakenJob } from '../../ports/job-queue.ts';
import type { SharedStore } from '../../ports/shared-store.ts';
import type { WorkerPlace, WorkerSlot } from '../../ports/worker-place.ts';
import type { JobKind } from '../../protocol/queue.ts';
import { protocolVersion } from '../../protocol/version.ts';
import { doJob, type JobDeps } from './do-job.ts';
import { SlotRun } from './slot-run.ts';

/** Pauses between looks at an empty queue, in milliseconds: each is longer than the one before. */
const idlePauses = { firstMs: 50, longestMs: 1_000 };

/** How long a run stays open in a slot that has nothing to do, in milliseconds. */
const keepOpenMs = 30_000;

/** How often a worker says that it is there, in milliseconds. */
const announceMs = 5_000;

/** How long a worker rests after something went wrong here that has nothing to do with its job, in milliseconds. */
const failureRestMs = 5_000;

/** How long the job rests then: others may do it long before this worker tries again. */
const handoverRestMs = 500;

/** How long a slot takes no job of a kind after it was refused for one, in milliseconds: others come first then. */
const refusedRestMs = 15_000;

/** How long a worker leaves a run to others after work of it failed here, in milliseconds. */
const unableMs = 300_000;

export interface QueueServiceOptions {
  readonly machine: string;
  readonly pid: number;
  readonly kinds: readonly JobKind[];
  /** Ends when nothing is left to do. */
  readonly isDraining: boolean;
}

export interface QueueServiceDeps {
  readonly source: JobSource;
  readonly store: SharedStore;
  readonly place: WorkerPlace;
  readonly clock: Clock;
  readonly admit: JobDeps['admit'];
  /** Puts a whole run together. */
  finalize(job: TakenJob, leave: AbortSignal): Promise<void>;
  log(line: string): void;
}

/** Takes jobs until `leave` aborts or, draining, until none is left; gives back what it cannot finish soon. */
export async function serveQueue(
  options: QueueServiceOptions,
  deps: QueueServiceDeps,
  leave: AbortSignal,
): Promise<void> {
  const { place, source, clock, log } = deps;
  const doing = new Map<TakenJob, string | null>();
  const unableUntil = new Map<string, number>();
  const startedAt = new Date(clock.now()).toISOString();
  const announce = () =>
    source.announce({
      version: protocolVersion,
      ...{ name: place.name, machine: options.machine, pid: options.pid },
      ...{ slots: place.slots.length, kinds: [...options.kinds] },
      ...{ started_at: startedAt, seen_at: new Date(clock.now()).toISOString() },
      doing: [...doing.keys()].map(({ runId, kind }) => ({ run_id: runId, kind })),
      problem: [...doing.values()].find((problem) => problem !== null) ?? null,
      unable_for: [...unableUntil].flatMap(([runId, untilMs]) => (untilMs > clock.now() ? [runId] : [])),
    });
  await announce();
  log(`${place.name} serves ${options.kinds.join(', ')} with ${place.slots.length} slots`);
  const timer = setInterval(() => void announce().catch(() => undefined), announceMs);
  // A slot that fails ends the others too, which give back what they have.
  const failed = new AbortController();
  const either = AbortSignal.any([leave, failed.signal]);
  try {
    const serve = (slot: WorkerSlot) =>
      new SlotServer(slot, options, deps, { doing, unableUntil, announce })
        .serve(either)
        .catch((error: unknown) => {
          failed.abort(error);
          throw error;
        });
    const ends = await Promise.allSettled(place.slots.map(serve));
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  } finally {
    clearInterval(timer);
  }
}

/** What the slots of a worker have in common. */
interface SlotsShare {
  /** Jobs that the worker has, and what keeps each waiting. */
  readonly doing: Map<TakenJob, string | null>;
  /** Runs whose work failed here, and until when others come first for it. */
  readonly unableUntil: Map<string, number>;
  announce(): Promise<void>;
}

class SlotServer {
  readonly #slot: WorkerSlot;
  readonly #options: QueueServiceOptions;
  readonly #deps: QueueServiceDeps;
  readonly #shared: SlotsShare;
  /** Kinds of which it takes nothing for now, and until when. */
  readonly #resting = new Map<JobKind, number>();
  #run: SlotRun | null = null;

  constructor(slot: WorkerSlot, options: QueueServiceOptions, deps: QueueServiceDeps, shared: SlotsShare) {
    this.#slot = slot;
    this.#options = options;
    this.#deps = deps;
    this.#shared = shared;
  }

  async serve(leave: AbortSignal): Promise<void> {
    const { source, clock } = this.#deps;
    const { kinds, isDraining } = this.#options;
    await this.#slot.clear();
    let pauseMs = idlePauses.firstMs;
    let idleSinceMs = clock.now();
    try {
      while (!leave.aborted) {
        const job = await source.take(kinds.filter((kind) => (this.#resting.get(kind) ?? 0) <= clock.now()));
        if (job !== null) {
          await this.#do(job, leave);
          pauseMs = idlePauses.firstMs;
          idleSinceMs = clock.now();
          continue;
        }
        if (isDraining && (await source.isEmpty(kinds))) return;
        if (clock.now() - idleSinceMs > keepOpenMs) await this.#closeRun();
        await clock.sleep(pauseMs, leave).catch(() => undefined);
        pauseMs = Math.min(idlePauses.longestMs, 2 * pauseMs);
      }
    } finally {
      await this.#closeRun();
    }
  }

  async #do(job: TakenJob, leave: AbortSignal): Promise<void> {
    const { clock } = this.#deps;
    this.#shared.doing.set(job, null);
    try {
      if (job.kind === 'finalize') await this.#deps.finalize(job, leave);
      else if ((await doJob(job, this.#jobDeps(leave))).isRefused)
        this.#resting.set(job.kind, clock.now() + refusedRestMs);
    } catch (error) {
      const isExpected = error instanceof AppError || isPassing(error);
      if (isExpected) this.#noteProblem(job, error);
      // The store or this disk is away: nothing that is the job's fault.
      await job.giveBack(handoverRestMs);
      if (!isExpected) throw error;
      await clock.sleep(failureRestMs, leave).catch(() => undefined);
    } finally {
      this.#shared.doing.delete(job);
    }
  }

  /** With no other worker that might do better, failing again is how the run learns of it. */
  async #isForOthers({ runId, kind }: TakenJob): Promise<boolean> {
    const { source, place, clock } = this.#deps;
    if ((this.#shared.unableUntil.get(runId) ?? 0) <= clock.now()) return false;
    const workers = await source.workers();
    return workers.some(
      ({ name, kinds, unable_for: unableFor }) =>
        name !== place.name && kinds.includes(kind) && !unableFor.includes(runId),
    );
  }

  #jobDeps(leave: AbortSignal): JobDeps {
    const { store, clock, admit, log, place } = this.#deps;
    return {
      ...{ machine: place.name, store, clock, admit, leave, log },
      openRun: (runId) => this.#openRun(runId),
      noteProblem: (job, problem) => this.#noteProblem(job, problem),
      isForOthers: (job) => this.#isForOthers(job),
      noteUnable: async ({ runId }) => {
        this.#shared.unableUntil.set(runId, clock.now() + unableMs);
        await this.#shared.announce();
      },
      closeRun: () => this.#closeRun(),
    };
  }

  async #openRun(runId: string): Promise<SlotRun> {
    if (this.#run?.runId === runId) return this.#run;
    await this.#closeRun();
    const { store, place, clock } = this.#deps;
    const noteProblem = (job: TakenJob, problem: Error | null) => this.#noteProblem(job, problem);
    const deps = { runId, machine: place.name, store, place, slot: this.#slot, clock, noteProblem };
    this.#run = await SlotRun.open(deps);
    return this.#run;
  }

  /** Said again with each attempt: a client that waits for the run may have come later. */
  #noteProblem(job: TakenJob, problem: Error | null): void {
    const { place, log } = this.#deps;
    const message = problem && messageOf(problem);
    if (message !== this.#shared.doing.get(job)) log(`${job.runId}: ${message ?? 'continues'}`);
    this.#shared.doing.set(job, message);
    if (message !== null) job.emit({ type: 'waiting', machine: place.name, message });
  }

  async #closeRun(): Promise<void> {
    const run = this.#run;
    this.#run = null;
    await run?.close();
  }
}
