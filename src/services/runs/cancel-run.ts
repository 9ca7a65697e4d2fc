import { resumeCommand } from '../../core/run/run-commands.ts';
import type { TaskCounts } from '../../core/run/run-state.ts';
import { cancelledCode } from '../../core/run/run-status.ts';
import { AppError } from '../../errors/app-error.ts';
import type { Ports } from '../../ports/ports.ts';
import type { RunOwner } from '../../ports/run-store.ts';
import { RunEventRecorder } from './event-recorder.ts';
import { type AnyRun, readRun } from './read-run.ts';
import { stateOf } from './resume-run.ts';
import type { RunKinds } from './run-kind.ts';

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
  readonly kind: string;
  readonly counts: object;
  /** Specs or segments, whatever the kind calls its tasks. */
  readonly tasks: TaskCounts;
}

/**
 * Stops a run wherever it is running: the process that works on it is asked to save and leave, then the host's workers
 * are stopped. Finished work is kept, and the run can be resumed.
 *
 * @param ask - Asks the process of this pid, on this machine, to leave.
 * @throws AppError `run-locked` when a process of another machine works on it, when one of this machine stays, or
 * when its lock names one that did not make it;
 * `host-unreachable` when the host cannot be told, and the work there keeps running.
 */
export async function cancelRun(
  reference: string,
  kinds: RunKinds,
  ports: Ports,
  ask: (pid: number) => void,
): Promise<Cancellation> {
  const { kind, run, state } = await readRun(reference, kinds, ports);
  const { runId, folder } = run;
  await ports.runs.assertApproved(kind.format, folder);
  // By its folder from here on: `latest` may be another run by now.
  const owner = await ports.runs.owner(folder);
  if (owner && !owner.isHere) throw lockedElsewhere(owner, runId, folder);
  if (owner && !owner.isProven) throw notProven(owner, runId, folder);
  if (owner) await waitForLeave(folder, owner.pid, ports, ask);
  // All of it is here: nothing can be at work anywhere.
  const isDone = owner === null && isSettled(state.taskCounts);
  if (!isDone) await stopOnHost({ kind, run }, ports);
  const after = await noteStop(folder, kinds, ports);
  return {
    version: 1,
    run_id: runId,
    kind: kind.format.kind,
    was_running: owner !== null,
    is_ended: owner === null && isSettled(after.taskCounts),
    counts: after.counts,
    tasks: after.taskCounts,
  };
}

function isSettled({ done, failed, total }: TaskCounts): boolean {
  return done + failed === total;
}

async function stopOnHost(
  { kind, run }: Pick<AnyRun, 'kind' | 'run'>,
  ports: Pick<Ports, 'host'>,
): Promise<void> {
  const { runId, checkpoint } = run;
  const { host: name, workers, needs } = kind.facts(checkpoint);
  const host = ports.host(name);
  try {
    await host.stopRun(runId, { workers, needs });
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const isUnreachable = error.code === 'host-unreachable';
    if (!isUnreachable && error.code !== 'worker-failed') throw error;
    const why = isUnreachable
      ? `${name} is unreachable, and what was submitted keeps running there`
      : 'it may still be running';
    throw new AppError({
      code: error.code,
      message: `Run ${runId} is not stopped: ${why}. (${error.message})`,
      nextStep: isUnreachable
        ? `When it is back, try again: cosmos cancel ${runId}`
        : `Try again: cosmos cancel ${runId}; cosmos host status ${name} shows its workers.`,
      isRetryable: true,
      cause: error,
    });
  } finally {
    await host.close();
  }
}

/** Notes that the run was cancelled, and writes its reports again, which say so. @returns the state after that. */
async function noteStop(folder: string, kinds: RunKinds, ports: Ports): Promise<AnyRun['state']> {
  const { kind, run, state } = await readRun(folder, kinds, ports);
  if (isSettled(state.taskCounts) || state.lastEnd?.error?.code === cancelledCode) return state;
  const session = await ports.runs.open(kind.format, folder);
  try {
    const stopped = stateOf(kind, session);
    const recorder = new RunEventRecorder({ session, state: stopped });
    const error = {
      code: cancelledCode,
      message: 'It was cancelled (cosmos cancel).',
      next_step: `Continue with: ${resumeCommand(run.runId)}`,
    };
    recorder.note({ type: 'run-finished', status: 'failed', counts: stopped.counts, error });
    await session.flush(true);
    // A report that cannot be written changes nothing: `cosmos report` writes it again.
    await kind.writeReport(session, stopped, ports).catch(() => undefined);
    return stopped;
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
        message: `Process ${pid} is still working on the run.`,
        nextStep: `End it (kill ${pid}); nothing finished is lost.`,
      });
    }
    await ports.clock.sleep(100);
  }
}

/** A lock may come with a folder, and name any process of this machine. */
function notProven({ pid }: RunOwner, runId: string, folder: string): AppError {
  return new AppError({
    code: 'run-locked',
    message: `The lock of run ${runId} names process ${pid}, but that process did not make it. Nothing was stopped.`,
    nextStep: `See what it is: ps -p ${pid}. If it does not work on the run, delete the lock in ${folder}.`,
  });
}

function lockedElsewhere({ pid, machine }: RunOwner, runId: string, folder: string): AppError {
  return new AppError({
    code: 'run-locked',
    message: `Process ${pid} on ${machine} is working on run ${runId}; it cannot be reached from this machine.`,
    nextStep: `Cancel it there. If that process is gone for good, delete the lock in ${folder}.`,
  });
}
