import { readEvents } from './events.ts';

/** Where a run's time went besides the engine's, in milliseconds. */
export interface Phases {
  /** From the start of the program until its plan stands in the checkpoint. */
  readonly planMs: number;
  /** From then until the engine got its first request. */
  readonly firstRequestMs: number;
  /** From the last answer until the program ended. */
  readonly tailMs: number;
  /** Specs that were finished. */
  readonly finished: number;
}

/**
 * Reads the phases of a run from its events.
 *
 * @param busyMs - Time from the engine's first request to its last answer.
 */
export async function readPhases(
  eventsPath: string,
  startedMs: number,
  endedMs: number,
  busyMs: number,
): Promise<Phases> {
  const events = await readEvents(eventsPath);
  const begun = events.find((event) => event.type === 'run-started');
  const finished = events.filter((event) => event.type === 'task-finished');
  const last = finished.at(-1);
  if (!begun || !last) throw new Error('the run has neither begun nor finished anything');
  const [begunMs, lastMs] = [Date.parse(begun.time), Date.parse(last.time)];
  return {
    planMs: begunMs - startedMs,
    firstRequestMs: lastMs - busyMs - begunMs,
    tailMs: endedMs - lastMs,
    finished: finished.length,
  };
}
