import { workOnHost } from '../../core/run/work-on-host.ts';
import { AppError } from '../../errors/app-error.ts';
import type { ActiveRun, RunKind, RunTypes } from './run-kind.ts';

/**
 * Sums up a run whose host is unreachable; its events must be written by now.
 *
 * @param error - `host-unreachable`, as the host threw it.
 * @returns whether work that was submitted goes on there, and an error that says what is known to be on the host, since
 * when it is unreachable, and how to go on.
 */
export async function unreachableEnd<K extends RunTypes>(
  kind: RunKind<K>,
  error: AppError,
  { session, state, ports }: Pick<ActiveRun<K>, 'session' | 'state' | 'ports'>,
) {
  const { events } = await ports.runs.read(kind.format, session.folder);
  const { openTasks, unreachableSince } = workOnHost(events, (event) => kind.isAnswerFromHost(event));
  const onHost = Math.min(openTasks, state.pendingCount);
  const { host } = kind.facts(session.checkpoint);
  const { total } = state.taskCounts;
  // By this machine's clock and time zone.
  const since = unreachableSince && ` since ${new Date(unreachableSince).toTimeString().slice(0, 8)}`;
  const message = [
    `${host} is unreachable${since ?? ''}:`,
    `${total - state.pendingCount} of ${total} ${kind.taskNoun} are here,`,
    onHost > 0
      ? `${onHost} more are submitted and their work goes on.`
      : 'and nothing more is known to be submitted.',
    `(${error.message})`,
  ].join(' ');
  const command = onHost > 0 ? 'cosmos attach' : `${kind.command} --resume`;
  return {
    isWorkOnHost: onHost > 0,
    error: new AppError({
      code: 'host-unreachable',
      message,
      nextStep: `When ${host} is back, go on with: ${command} ${session.runId}`,
      isRetryable: true,
      cause: error,
    }),
  };
}
