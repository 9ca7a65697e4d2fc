import type { Clock } from '../../ports/clock.ts';
import type { WorkerApi } from '../host-run/worker-api.ts';
import { type Presence, presenceAfter, presenceOf } from '../host-run/worker-presence.ts';

/** How long one call waits for its answer, in milliseconds. */
const callTimeoutMs = 4_000;

const pollMs = 50;

/** How long a worker may take to leave after its drain, in milliseconds. */
const leaveTimeoutMs = 5_000;

/**
 * - `absent`: no worker was there.
 * - `left`: the worker was asked to stop, and surely does not work any more.
 * - `stays`: the worker answers, and does not leave.
 * - `silent`: the worker did not answer for long; it may still work.
 */
export type Ending = 'absent' | 'left' | 'stays' | 'silent';

interface EndOptions {
  /** How long what is in flight may take to finish, in milliseconds. */
  readonly drainMs: number;
  /** How long in a row there may be no answer, in milliseconds. */
  readonly silenceMs: number;
  readonly clock: Clock;
}

/**
 * Asks a run's worker to stop, and waits until it has. Only a socket that is gone, or on which no process listens,
 * proves that. A call whose answer was lost is repeated, and the second call ends what is in flight.
 *
 * @throws AppErrors of the connection to its host.
 */
export async function endWorker(api: WorkerApi, options: EndOptions): Promise<Ending> {
  const { drainMs, silenceMs, clock } = options;
  let answeredMs = clock.now();
  let leaveByMs: number | null = null;
  for (;;) {
    const presence =
      leaveByMs === null ? await askToStop(api, drainMs) : await presenceOf(api, callTimeoutMs);
    const nowMs = clock.now();
    if (presence === 'gone') return leaveByMs === null ? 'absent' : 'left';
    if (presence === 'answering') {
      answeredMs = nowMs;
      leaveByMs ??= nowMs + drainMs + leaveTimeoutMs;
      if (nowMs > leaveByMs) return 'stays';
    } else if (nowMs - answeredMs > silenceMs) return 'silent';
    await clock.sleep(pollMs);
  }
}

async function askToStop(api: WorkerApi, drainMs: number): Promise<Presence> {
  try {
    await api.post('/shutdown', { drain_ms: drainMs }, callTimeoutMs);
    return 'answering';
  } catch (error) {
    return presenceAfter(error);
  }
}
