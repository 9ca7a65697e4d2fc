import type { AppError } from '../../errors/app-error.ts';
import type { Clock } from '../../ports/clock.ts';
import type { SlotContainer } from '../docker/slot-container.ts';
import type { SlotApi } from './slot-api.ts';

/** How long the slot of a started container may take until it answers, in milliseconds. */
const startTimeoutMs = 60_000;

/** Pause between two queries of a slot that starts, in milliseconds. */
const pollMs = 50;

/** How often a container may end before its slot answers. */
const maxEndsAtStart = 3;

/** Pause before a container that ended is started again, in milliseconds. */
const endPauseMs = 1_000;

/** The container of a slot, as far as its workers use it. */
export type WorkerContainer = Pick<SlotContainer, 'name' | 'ensureRunning' | 'state' | 'explain' | 'kill'>;

interface SlotStartDeps {
  readonly container: WorkerContainer;
  readonly slot: Pick<SlotApi, 'isAnswering'>;
  readonly clock: Clock;
}

/**
 * Starts, adopts or replaces a slot's container, and waits until its slot answers.
 *
 * @throws AppError `host-busy` when another client puts its container in this place; `worker-failed` when the container
 *   does not stay up or does not answer; others of making it. The signal's reason when it aborts.
 */
export async function startSlot(deps: SlotStartDeps, signal: AbortSignal): Promise<void> {
  const { container, slot, clock } = deps;
  await container.ensureRunning(signal);
  const deadlineMs = clock.now() + startTimeoutMs;
  for (let ends = 0; !(await slot.isAnswering()); ) {
    signal.throwIfAborted();
    const { state } = await container.state();
    if (state === 'foreign') throw await container.explain();
    // A Docker daemon that is restarted ends its containers, so one end is no reason to give up.
    if (state === 'absent' || state === 'stopped') {
      ends += 1;
      if (ends > maxEndsAtStart) throw await container.explain();
      await clock.sleep(endPauseMs, signal);
      await container.ensureRunning(signal);
    }
    if (clock.now() > deadlineMs) throw await restartSilent(container);
    await clock.sleep(pollMs, signal);
  }
}

/** Restarts a container that runs and does not answer, for the next try. @returns what was wrong with it. */
async function restartSilent(container: WorkerContainer): Promise<AppError> {
  const why = await container.explain();
  await container.kill();
  await container.ensureRunning().catch(() => undefined);
  return why;
}
