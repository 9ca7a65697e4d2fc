import type { AppError } from '../../errors/app-error.ts';
import type { Clock } from '../../ports/clock.ts';
import type { SlotApi } from './slot-api.ts';

/** How long a started container's slot may take until it answers, in milliseconds. */
const startTimeoutMs = 60_000;

/** How often a slot that starts is asked whether it answers. */
const pollMs = 50;

/** How often a container may end before its slot answers. */
const maxEndsAtStart = 3;

/** Pause before it is started again, in milliseconds. */
const endPauseMs = 1_000;

/** The container of a slot, as far as its workers are concerned. */
export interface WorkerContainer {
  /** For people. */
  readonly name: string;
  /** Adopts, starts or replaces it. @throws AppError when it can be neither. */
  ensureRunning(signal?: AbortSignal): Promise<{ readonly isStarted: boolean }>;
  /** `foreign`: by now it is one that somebody else made in its place. */
  life(): Promise<'running' | 'ended' | 'foreign'>;
  /** Why it does not run, or does not answer. */
  explain(): Promise<AppError>;
  /** Returns when it surely does not run any more. */
  kill(): Promise<void>;
}

/** What starting a slot needs. */
interface SlotStart {
  readonly container: WorkerContainer;
  readonly slot: Pick<SlotApi, 'isAnswering'>;
  readonly clock: Clock;
}

/**
 * Has the container that is wanted, with a slot in it that answers.
 *
 * @throws AppError `host-busy` when somebody else takes its place; `worker-failed` when it does not stay up or does not
 *   answer; others of making it. The signal's reason when it aborts.
 */
export async function startSlot(parts: SlotStart, signal: AbortSignal): Promise<void> {
  const { container, slot, clock } = parts;
  await container.ensureRunning(signal);
  const deadlineMs = clock.now() + startTimeoutMs;
  for (let ends = 0; !(await slot.isAnswering()); ) {
    signal.throwIfAborted();
    const life = await container.life();
    if (life === 'foreign') throw await container.explain();
    // One that ends is no reason to give up at once: an engine that is restarted takes its containers with it.
    if (life === 'ended') {
      ends += 1;
      if (ends > maxEndsAtStart) throw await container.explain();
      await clock.sleep(endPauseMs, signal);
      await container.ensureRunning(signal);
    }
    if (clock.now() > deadlineMs) throw await startAnew(container);
    await clock.sleep(pollMs, signal);
  }
}

/** It runs and is deaf: what holds it up is not known, a fresh one may be well. Gives what was wrong with this one. */
async function startAnew(container: WorkerContainer): Promise<AppError> {
  const why = await container.explain();
  await container.kill();
  await container.ensureRunning().catch(() => undefined);
  return why;
}
