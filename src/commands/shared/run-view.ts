import type { Style } from '../../output/text/style.ts';
import type { RunObserver } from '../../ports/run-observer.ts';
import type { RunKind, RunTypes } from '../../services/runs/run-kind.ts';

/** What is to be seen of a run. */
export interface ObserverOptions {
  readonly progress: boolean;
  /** A path, or `-` for stdout; undefined for no events. */
  readonly events: string | undefined;
}

/** How runs of one kind are shown to a person. */
export interface RunView<K extends RunTypes> {
  readonly kind: RunKind<K>;
  /**
   * Bars on a terminal, lines elsewhere, and the stream of events where it is asked for.
   *
   * @param command - Follows the run for the command itself.
   */
  createObserver(options: ObserverOptions, command: CommandObserver): K['observer'];
  /** @param isSubmitted - Whether a detached run was handed over whole; false when its host was lost on the way. */
  formatSummary(summary: K['summary'], style: Style, isSubmitted?: boolean): string;
  /** How much of a run lies on disk when it is interrupted: a sentence. */
  savedText(counts: K['summary']['counts']): string;
}

/** What a command has to know of a run to say how to go on with it. */
export type CommandObserver = Pick<
  RunObserver<{ readonly runId: string }, { readonly type: string; readonly counts?: object }>,
  'onBegin' | 'onEvent'
>;

/** The command that goes on with a run. */
export function resumeCommandOf({ command }: Pick<RunKind<RunTypes>, 'command'>, runId: string): string {
  return `${command} --resume ${runId}`;
}
