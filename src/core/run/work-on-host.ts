import type { Journaled } from './run-status.ts';

interface WorkOnHost {
  /** Tasks that were submitted and whose result is not here yet; at least that many. */
  readonly openTasks: number;
  /** Since when the host is unreachable, ISO 8601; null while it is not known to be. */
  readonly unreachableSince: string | null;
}

/**
 * Folds the events of a run of any kind, those of earlier sessions included. A session submits again what an earlier
 * one had submitted already, so sessions are not added up.
 *
 * @param isAnswer - Whether an event is the outcome of a task that the host did.
 */
export function workOnHost<Event extends Journaled<{ readonly type: string }>>(
  events: Iterable<Event>,
  isAnswer: (event: Event) => boolean,
): WorkOnHost {
  let earlier = 0;
  let now = 0;
  let unreachableSince: string | null = null;
  for (const event of events) {
    if (event.type === 'run-started') {
      earlier = Math.max(earlier, now);
      now = 0;
      unreachableSince = null;
    } else if (isBatchSubmitted(event)) now += event.tasks;
    else if (isAnswer(event)) {
      earlier = Math.max(0, earlier - 1);
      now = Math.max(0, now - 1);
    } else if (event.type === 'host-unreachable') unreachableSince ??= event.time;
    else if (event.type === 'host-reachable') unreachableSince = null;
  }
  return { openTasks: Math.max(earlier, now), unreachableSince };
}

function isBatchSubmitted(event: { readonly type: string }): event is { type: string; tasks: number } {
  return event.type === 'batch-submitted';
}

/** Keys of tasks that were given to each of several machines in earlier sessions, and have not been answered. */
export function givenTasks(
  events: Iterable<{ readonly type: string }>,
): ReadonlyMap<string, ReadonlySet<string>> {
  const given = new Map<string, Set<string>>();
  for (const event of events) {
    if (!isOfMachine(event)) continue;
    const { task_key: key, machine } = event;
    if (event.type === 'task-answered') for (const keys of given.values()) keys.delete(key);
    else given.set(machine, (given.get(machine) ?? new Set()).add(key));
  }
  return given;
}

function isOfMachine(event: {
  readonly type: string;
}): event is { type: 'task-assigned' | 'task-answered'; task_key: string; machine: string } {
  return event.type === 'task-assigned' || event.type === 'task-answered';
}
