import { AppError } from '../errors/app-error.ts';
import type { Ports } from '../ports/ports.ts';

/** How long a process that works on the run may take to save and leave, in milliseconds. */
const leaveTimeoutMs = 20_000;

/** What cancelling did. JSON, so snake_case. */
export interface Cancellation {
  readonly version: 1;
  readonly run_id: string;
  /** Whether a process of this machine was working on it and has left. */
  readonly was_running: boolean;
}

/**
 * Stops a run wherever it goes on: the process that works on it is asked to save and leave, then the host's workers
 * are stopped. Finished work is kept, and the run can be resumed.
 *
 * @param ask - Asks the process of this pid to leave.
 */
export async function cancelRun(
  reference: string,
  ports: Ports,
  ask: (pid: number) => void,
): Promise<Cancellation> {
  const run = await ports.runs.read(reference);
  const { settings } = run.checkpoint;
  const pid = await ports.runs.ownerPid(reference);
  if (pid !== null) await waitForLeave(reference, pid, ports, ask);
  await ports.host(settings.host).stopRun(run.runId, { workers: settings.workers });
  return { version: 1, run_id: run.runId, was_running: pid !== null };
}

async function waitForLeave(
  reference: string,
  pid: number,
  ports: Ports,
  ask: (pid: number) => void,
): Promise<void> {
  ask(pid);
  const deadlineMs = ports.clock.now() + leaveTimeoutMs;
  while ((await ports.runs.ownerPid(reference)) === pid) {
    if (ports.clock.now() > deadlineMs) {
      throw new AppError({
        code: 'run-locked',
        message: `Process ${pid} still works on the run.`,
        hint: `End it (kill ${pid}); nothing finished is lost.`,
      });
    }
    await ports.clock.sleep(100);
  }
}
