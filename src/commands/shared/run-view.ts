import type { CreateDisplay } from '../../output/progress/display.ts';
import type { Style } from '../../output/text/style.ts';
import type { RunObserver } from '../../ports/run-observer.ts';
import type { RunKind, RunTypes } from '../../services/runs/run-kind.ts';

export interface ObserverOptions {
  readonly progress: boolean;
  /** A path, or `-` for stdout; undefined for no events. */
  readonly events: string | undefined;
}

/** How runs of one kind are shown to a person. */
export interface RunView<K extends RunTypes> {
  readonly kind: RunKind<K>;
  /** Shows a run while it works: bars on a terminal, lines elsewhere. */
  createProgress(createDisplay: CreateDisplay): K['observer'];
  readonly noCounts: K['summary']['counts'];
  /** @param isSubmitted - Whether a detached run was submitted whole; false when its host was lost on the way. */
  formatSummary(summary: K['summary'], style: Style, isSubmitted?: boolean): string;
  /** How much of a run lies on disk when it is interrupted: a sentence. */
  savedText(counts: K['summary']['counts']): string;
}

/** What a command has to know about a run to say how to continue it. */
export type CommandObserver = Pick<
  RunObserver<
    { readonly runId: string; readonly host?: string },
    { readonly type: string; readonly counts?: object }
  >,
  'onBegin' | 'onEvent'
>;
