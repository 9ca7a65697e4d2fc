import { stopFacts, withContinuation } from '../../core/run/failure.ts';
import { attachCommand, reportCommand, resumeCommand } from '../../core/run/run-commands.ts';
import { placeName } from '../../core/run/run-ending.ts';
import { interruptedCode, leftCode, type RunStatus, type SessionError } from '../../core/run/run-status.ts';
import { workOnHost } from '../../core/run/work-on-host.ts';
import { AppError, messageOf } from '../../errors/app-error.ts';
import { isSystemError } from '../../errors/system-error.ts';
import type { RunSession } from '../../ports/run-store.ts';
import { RunEventRecorder } from './event-recorder.ts';
import type { ActiveRun, RunKind, RunTypes } from './run-kind.ts';
import { workOnTasks } from './work-on-tasks.ts';

/** How a session ended. `error` is what stopped it before the end of the run; the state is saved then. */
export interface RunOutcome<Summary> {
  readonly summary: Summary;
  readonly error: AppError | null;
  /** Whether any task is done by now, in this session or an earlier one. */
  readonly isAnythingDone: boolean;
  /** Reason of the abort by which the session left its work to the host; null where it did not. */
  readonly leftBy: unknown;
}

/** What a run is started or resumed with, beside its checkpoint. */
export type RunContext<K extends RunTypes> = Omit<ActiveRun<K>, 'session' | 'state'>;

/**
 * Stores a plan as a new run and carries it out.
 *
 * @param publishPlan - Writes further files of the plan to the run folder before the work begins.
 * @throws AppError of `RunStore.create`; the signal's reason when it aborts.
 */
export async function beginRun<K extends RunTypes>(
  kind: RunKind<K>,
  checkpoint: K['checkpoint'],
  context: RunContext<K>,
  publishPlan: (session: ActiveRun<K>['session']) => Promise<void> = async () => undefined,
): Promise<RunOutcome<K['summary']>> {
  const session = await context.ports.runs.create(kind.format, checkpoint).catch((error: unknown) => {
    throw notBegun(error);
  });
  try {
    await publishPlan(session);
  } catch (error) {
    await session.release();
    throw error;
  }
  return await carryOut(kind, { ...context, session, state: kind.newState(session.checkpoint) });
}

/** There is no run that could be continued. */
function notBegun(error: unknown): unknown {
  if (!(error instanceof AppError) || error.code !== 'disk-full') return error;
  const { code, message } = error;
  const nextStep = 'Free some space, then run the command again: nothing was started.';
  return new AppError({ code, message, nextStep, isRetryable: true, cause: error });
}

/**
 * Carries an open run out to its end, writes its reports and releases it. Its last event, `run-finished`, is in the journal
 * before the reports are written, and observers get it when they stand.
 *
 * @param settings - The run's settings, where they are others than in the session before.
 */
export async function carryOut<K extends RunTypes>(
  kind: RunKind<K>,
  run: ActiveRun<K>,
  settings: object | null = null,
): Promise<RunOutcome<K['summary']>> {
  const { session, state, observer } = run;
  const isResumed = session.events.length > 0;
  const doneBefore = kind.workDone(state);
  const recorder = new RunEventRecorder(run);
  kind.announce(run);
  try {
    const { total } = state.taskCounts;
    recorder.emit({
      ...{ type: 'run-started', run_id: session.runId, total, is_resumed: isResumed },
      ...(settings && { settings: { ...settings } }),
    });
    const follower = kind.follow(run);
    const followed = follower ? { ...run, observer: follower.observer } : run;
    const { status, error, facts, interruption, leftBy } = await tryWork(kind, followed);
    await follower?.end();
    const end = { status, error, doneBefore };
    const last = recorder.note({
      ...{ type: 'run-finished', status, counts: state.counts },
      error: facts,
    });
    try {
      await flushed(session);
      const summary = kind.summarise(session, state, end);
      // A session that did nothing has nothing new to tell of.
      const isAnythingNew = kind.workDone(state) !== doneBefore;
      const notices = isAnythingNew ? kind.closingNotices(summary) : [];
      for (const notice of notices) observer.onNotice(notice);
      const { total } = state.taskCounts;
      if (interruption && total > quickReport) observer.onNotice(reportLeftOut(session.runId));
      else await tryWriteReport(kind, run);
      if (interruption) throw interruption.reason;
      return { summary, error, isAnythingDone: kind.workDone(state) > 0, leftBy };
    } finally {
      // Readers of the events wait for this one, however the run ended.
      observer.onEvent(last);
    }
  } finally {
    await session.release();
  }
}

/** Tasks of a run whose report is written in seconds. */
const quickReport = 50_000;

/** Who stops a run does not wait for minutes. */
function reportLeftOut(runId: string): string {
  return `The run is so large that its report takes a while, and is not written now. Write it with: ${reportCommand(runId)}`;
}

interface WorkEnd {
  readonly status: RunStatus;
  readonly error: AppError | null;
  /** What the session ended with, for its last event; null where nothing stopped it. */
  readonly facts: SessionError | null;
  /** The user stopped it, or it is a bug: thrown when all is recorded. */
  readonly interruption: { readonly reason: unknown } | null;
  readonly leftBy: unknown;
}

/** Separates what the work may end with: done, left to its host, stopped by a foreseen error, by the user, or by a bug. */
async function tryWork<K extends RunTypes>(kind: RunKind<K>, run: ActiveRun<K>): Promise<WorkEnd> {
  const { session, state, signal, leave, isDetached } = run;
  // Whatever the last step needs is here: nothing of it keeps running when this process leaves.
  const finishing = leave ? { ...run, signal: AbortSignal.any([signal, leave]) } : run;
  const nothing = { error: null, facts: null, interruption: null, leftBy: null };
  try {
    for (let attempt = 1; ; attempt++) {
      if (state.pendingCount > 0 || attempt === 1) await workOnTasks(kind, run);
      if (isDetached && state.pendingCount > 0) return { status: 'detached', ...nothing };
      if (await kind.finish(finishing, attempt)) return { status: state.endStatus, ...nothing };
    }
  } catch (error) {
    if (signal.aborted || (leave?.aborted && !(error instanceof AppError))) {
      const reason: unknown = leave?.aborted ? leave.reason : signal.reason;
      const left = leave?.aborted ? await leftToHost(kind, run) : null;
      if (left) return { ...nothing, status: 'detached', facts: left, leftBy: reason };
      const facts = interruptedFacts(interruptedCode, reason, session.runId);
      return { ...nothing, status: 'failed', facts, interruption: { reason } };
    }
    if (!(error instanceof AppError)) {
      const code = isSystemError(error) ? error.code : 'unexpected';
      const facts = interruptedFacts(code, error, session.runId);
      return { ...nothing, status: 'failed', facts, interruption: { reason: error } };
    }
    if (error.code !== 'host-unreachable') {
      const continued = withContinuation(error, session.runId);
      return { ...nothing, status: 'failed', error: continued, facts: stopFacts(continued) };
    }
    const end = await unreachableEnd(kind, error, run);
    const facts = stopFacts(end.error);
    return { ...nothing, status: end.isWorkOnHost ? 'detached' : 'failed', error: end.error, facts };
  }
}

function interruptedFacts(code: string, reason: unknown, runId: string): SessionError {
  return { code, message: messageOf(reason), next_step: `Continue with: ${resumeCommand(runId)}` };
}

/** What a session says that leaves its work to the host; null where no work is known to be there. */
async function leftToHost<K extends RunTypes>(
  kind: RunKind<K>,
  { session, state, ports }: ActiveRun<K>,
): Promise<SessionError | null> {
  const { openTasks } = await workKnownOnHost(kind, session, ports);
  const onHost = Math.min(openTasks, state.pendingCount);
  if (onHost === 0) return null;
  const { host } = kind.facts(session.checkpoint);
  const notSubmitted = state.pendingCount - onHost;
  const rest = notSubmitted > 0 ? `; ${notSubmitted} more are submitted when you continue` : '';
  return {
    code: leftCode,
    message: `The program left; work for ${onHost} of ${state.taskCounts.total} ${kind.taskNoun} keeps running on ${placeName(host)}${rest}.`,
    next_step: `Follow it with: ${attachCommand(session.runId)}`,
  };
}

/** Makes the journal durable. @throws AppError `disk-full` with the command that continues the run. */
async function flushed({ runId, flush }: Pick<RunSession<never, never>, 'runId' | 'flush'>): Promise<void> {
  try {
    await flush(true);
  } catch (error) {
    throw error instanceof AppError ? withContinuation(error, runId) : error;
  }
}

/** A report that cannot be written takes nothing from the run; `cosmos report` writes it again. */
async function tryWriteReport<K extends RunTypes>(
  kind: RunKind<K>,
  { session, state, ports, observer }: ActiveRun<K>,
): Promise<void> {
  try {
    await kind.writeReport(session, state, ports);
  } catch (error) {
    observer.onNotice(`The report could not be written: ${messageOf(error)}`);
  }
}

/**
 * Sums up a run whose host is unreachable; its events must be written by now.
 *
 * @param error - `host-unreachable`, as the host threw it.
 * @returns whether work that was submitted keeps running there, and an error that says what is known to be on the host, since
 * when it is unreachable, and how to continue.
 */
export async function unreachableEnd<K extends RunTypes>(
  kind: RunKind<K>,
  error: AppError,
  { session, state, ports }: Pick<ActiveRun<K>, 'session' | 'state' | 'ports'>,
) {
  const { openTasks, unreachableSince } = await workKnownOnHost(kind, session, ports);
  const onHost = Math.min(openTasks, state.pendingCount);
  const { host } = kind.facts(session.checkpoint);
  const { total } = state.taskCounts;
  // By this machine's clock and time zone.
  const since = unreachableSince && ` since ${new Date(unreachableSince).toTimeString().slice(0, 8)}`;
  const message = [
    `${host} is unreachable${since ?? ''}:`,
    `${total - state.pendingCount} of ${total} ${kind.taskNoun} are here,`,
    onHost > 0
      ? `${onHost} more are submitted and keep running.`
      : 'and nothing more is known to be submitted.',
    `(${error.message})`,
  ].join(' ');
  return {
    isWorkOnHost: onHost > 0,
    error: new AppError({
      code: 'host-unreachable',
      message,
      nextStep: `When ${host} is back, continue with: ${onHost > 0 ? attachCommand(session.runId) : resumeCommand(session.runId)}`,
      isRetryable: true,
      cause: error,
    }),
  };
}

/** Folds all events of a run, which must be written by now: those of an open one are of earlier sessions only. */
async function workKnownOnHost<K extends RunTypes>(
  kind: RunKind<K>,
  { folder }: ActiveRun<K>['session'],
  { runs }: ActiveRun<K>['ports'],
) {
  const { events } = await runs.read(kind.format, folder);
  return workOnHost(events, (event) => kind.isAnswerFromHost(event));
}
