import { workOnHost } from '../../core/run/work-on-host.ts';
import type { UpsampleState } from '../../core/upsample/upsample-state.ts';
import { AppError } from '../../errors/app-error.ts';
import type { Ports } from '../../ports/ports.ts';
import type { RunSession } from '../../ports/run-store.ts';

/** How a run ends whose host cannot be reached. */
export interface AwayEnd {
  /** Says what is known to be on the host, since when it is away, and how to go on. */
  readonly error: AppError;
  /** Whether work that was handed over goes on there. */
  readonly isWorkOnHost: boolean;
}

/**
 * Sums up a run whose host is away; its events must be written by now.
 *
 * @param error - `host-unreachable`, as the host threw it.
 */
export async function hostAway(
  error: AppError,
  session: Pick<RunSession, 'runId' | 'folder' | 'checkpoint'>,
  state: UpsampleState,
  ports: Pick<Ports, 'runs'>,
): Promise<AwayEnd> {
  const { events } = await ports.runs.read(session.folder);
  const { openTasks, awaySince } = workOnHost(events);
  const onHost = Math.min(openTasks, state.pendingCount);
  const { host } = session.checkpoint.settings;
  const total = state.specs.size;
  const back = total - state.pendingCount;
  const message = [
    `${host} is unreachable${awaySince === null ? '' : ` since ${timeText(awaySince)}`}: ${back} of ${total} specs are here,`,
    onHost > 0
      ? `${onHost} more are handed over and their work goes on.`
      : 'and nothing more is known to be handed over.',
    `(${error.message})`,
  ].join(' ');
  const command = onHost > 0 ? 'cosmos attach' : 'cosmos batch-upsample --resume';
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
