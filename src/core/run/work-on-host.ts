import type { UpsampleEvent } from '../upsample/upsample-event.ts';

/** What a run's events tell of its host. */
export interface WorkOnHost {
  /** Tasks that were handed over and whose result is not here yet; at least that many. */
  readonly openTasks: number;
  /** Since when the host is unreachable, ISO 8601; null while it is not known to be. */
  readonly awaySince: string | null;
}

/**
 * Folds a run's events, those of earlier sittings included. A sitting hands over once more what an earlier one had
 * handed over already, so sittings are not added up.
 */
export function workOnHost(events: Iterable<UpsampleEvent>): WorkOnHost {
  let earlier = 0;
  let now = 0;
  let awaySince: string | null = null;
  for (const event of events) {
    if (event.type === 'run-started') {
      earlier = Math.max(earlier, now);
      now = 0;
      awaySince = null;
    } else if (event.type === 'batch-submitted') now += event.tasks;
    else if (isAnswer(event)) {
      earlier = Math.max(0, earlier - 1);
      now = Math.max(0, now - 1);
    } else if (event.type === 'host-unreachable') awaySince ??= event.time;
    else if (event.type === 'host-reachable') awaySince = null;
  }
  return { openTasks: Math.max(earlier, now), awaySince };
}

/** Reused answers, and failures that no engine was asked for, are no tasks that were handed over. */
function isAnswer(event: UpsampleEvent): boolean {
  return event.type === 'task-finished'
    ? !event.is_reused
    : event.type === 'task-failed' && event.attempts > 0;
}
