import { workOnHost } from '../../core/run/work-on-host.ts';
import { AppError } from '../../errors/app-error.ts';
import type { ActiveRun, RunKind, RunTypes } from './run-kind.ts';

/** How a run ends whose host cannot be reached. */
interface UnreachableEnd {
  /** Says what is known to be on the host, since when it is unreachable, and how to go on. */
  readonly error: AppError;
  /** Whether work that was submitted goes on there. */
  readonly isWorkOnHost: boolean;
}

/**
 * Sums up a run whose host is unreachable; its events must be written by now.
 *
 * @param error - `host-unreachable`, as the host threw it.
 */
export async function unreachableEnd<K extends RunTypes>(
  kind: RunKind<K>,
  error: AppError,
  { session, state, ports }: Pick<ActiveRun<K>, 'session' | 'state' | 'ports'>,
): Promise<UnreachableEnd> {
  const { events } = await ports.runs.read(kind.format, session.folder);
  const { openTasks, unreachableSince } = workOnHost(events, (event) => kind.isAnswerFromHost(event));
  const onHost = Math.min(openTasks, state.pendingCount);
  const { host } = kind.facts(session.checkpoint);
  const { total } = state.taskCounts;
  const message = [
    `${host} is unreachable${unreachableSince === null ? '' : ` since ${timeText(unreachableSince)}`}:`,
    `${total - state.pendingCount} of ${total} ${kind.taskNoun.many} are here,`,
    onHost > 0
      ? `${onHost} more are handed over and their work goes on.`
      : 'and nothing more is known to be handed over.',
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

/** `14:03:11`, by this machine's clock and time zone. */
function timeText(iso: string): string {
  return new Date(iso).toTimeString().slice(0, 8);
}
