import type { TaskCounts } from '../../core/run/task-counts.ts';
import type { UpsampleCounts } from '../../core/upsample/upsample-event.ts';
import type { UpscaleCounts } from '../../core/upscale/upscale-event.ts';
import { AppError } from '../../errors/app-error.ts';
import type { Ports } from '../../ports/ports.ts';
import type { RunKind, RunOwner } from '../../ports/run-store.ts';
import { stateOf } from '../upsample/resume-run.ts';
import { upscaleStateOf } from '../upscale/resume-upscale.ts';
import { type AnyRun, readAnyRun } from './read-run.ts';

/** How long a process that works on the run may take to save and leave, in milliseconds. */
const leaveTimeoutMs = 20_000;

/** What cancelling did. JSON, so snake_case. */
export interface Cancellation {
  readonly version: 1;
  readonly run_id: string;
  /** Whether a process of this machine was working on it and has left. */
  readonly was_running: boolean;
  /** Whether there was nothing left to do. */
  readonly is_ended: boolean;
  readonly kind: RunKind;
  readonly counts: UpsampleCounts | UpscaleCounts;
}

/**
 * Stops a run wherever it goes on: the process that works on it is asked to save and leave, then the host's workers
 * are stopped. Finished work is kept, and the run can be resumed.
 *
 * @param ask - Asks the process of this pid, on this machine, to leave.
 * @throws AppError `run-locked` when a process of another machine works on it, or when one of this machine stays;
 * `host-unreachable` when the host cannot be told, and the work there goes on.
 */
export async function cancelRun(
  reference: string,
  ports: Ports,
  ask: (pid: number) => void,
): Promise<Cancellation> {
  const run = await readAnyRun(reference, ports);
  // By its folder from here on: `latest` may be another run by now.
  const owner = await ports.runs.owner(run.folder);
  if (owner && !owner.isHere) throw lockedElsewhere(owner, run);
  if (owner) await waitForLeave(run.folder, owner.pid, ports, ask);
  // All of it is here: nothing can be at work anywhere.
  const isDone = owner === null && isSettled(run.tally);
  if (!isDone) await stopOnHost(run, ports);
  const { tally, counts } = await noteStop(run, ports);
  return {
    version: 1,
    run_id: run.runId,
    kind: run.kind,
    was_running: owner !== null,
    is_ended: owner === null && isSettled(tally),
    counts,
  };
}

function isSettled({ done, failed, total }: TaskCounts): boolean {
  return done + failed === total;
}

async function stopOnHost(run: AnyRun, ports: Pick<Ports, 'host'>): Promise<void> {
  const { runId, host: name, workers, needs } = run;
  const host = ports.host(name);
  try {
    await host.stopRun(runId, { workers, needs });
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const isAway = error.code === 'host-unreachable';
    if (!isAway && error.code !== 'worker-failed') throw error;
    const why = isAway ? `${name} is unreachable, and what was handed over goes on there` : 'it may go on';
    throw new AppError({
      code: error.code,
      message: `Run ${runId} is not stopped: ${why}. (${error.message})`,
      nextStep: isAway
        ? `When it is back, try again: cosmos cancel ${runId}`
        : `Try again: cosmos cancel ${runId}; cosmos host status ${name} shows how its workers stand.`,
      isRetryable: true,
      cause: error,
    });
  } finally {
    await host.close();
  }
}

/** A detached run has no process that could note its end. */
async function noteStop({ folder }: AnyRun, ports: Ports): Promise<AnyRun> {
  const run = await readAnyRun(folder, ports);
  if (run.lastStatus !== 'detached' || isSettled(run.tally)) return run;
  const note = run.kind === 'upscale' ? noteUpscaleStop : noteUpsampleStop;
  await note(folder, ports);
  return run;
}

async function noteUpsampleStop(folder: string, { runs }: Ports): Promise<void> {
  const session = await runs.open(folder);
  try {
    session.append({ type: 'run-finished', status: 'failed', counts: stateOf(session).counts });
    await session.flush(true);
  } finally {
    await session.release();
  }
}

async function noteUpscaleStop(folder: string, { upscaleRuns }: Ports): Promise<void> {
  const session = await upscaleRuns.open(folder);
  try {
    session.append({ type: 'run-finished', status: 'failed', counts: upscaleStateOf(session).counts });
    await session.flush(true);
  } finally {
    await session.release();
  }
}

async function waitForLeave(
  folder: string,
  pid: number,
  ports: Ports,
  ask: (pid: number) => void,
): Promise<void> {
  ask(pid);
  const deadlineMs = ports.clock.now() + leaveTimeoutMs;
  while ((await ports.runs.owner(folder))?.pid === pid) {
    if (ports.clock.now() > deadlineMs) {
      throw new AppError({
        code: 'run-locked',
        message: `Process ${pid} still works on the run.`,
        nextStep: `End it (kill ${pid}); nothing finished is lost.`,
      });
    }
    await ports.clock.sleep(100);
  }
}

function lockedElsewhere({ pid, machine }: RunOwner, { runId, folder }: AnyRun): AppError {
  return new AppError({
    code: 'run-locked',
    message: `Process ${pid} on ${machine} works on run ${runId}; it cannot be reached from this machine.`,
    nextStep: `Cancel it there. If that process is gone for good, delete the lock in ${folder}.`,
  });
}
