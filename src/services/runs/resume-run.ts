import { AppError } from '../../errors/app-error.ts';
import { carryOut, type RunContext, type RunOutcome } from './carry-out.ts';
import type { ActiveRun, RunKind, RunTypes, StoredRunOf } from './run-kind.ts';

/** Differences that are named; more would hide the first. */
const maxNamed = 5;

/** What is given again when a run is resumed. */
export interface ResumeOptions<K extends RunTypes> {
  /** A path, a run id or `latest`. */
  readonly reference: string;
  /** What was given and is not what the run was begun with: sentences. All of it must agree with the checkpoint. */
  readonly differences: (checkpoint: K['checkpoint']) => readonly string[];
  /** Changes those settings of the checkpoint that no result depends on. The file stays as it is. */
  readonly adjust: (checkpoint: K['checkpoint']) => void;
}

/**
 * Goes on with a run: what is finished stays, what failed or was never done is done.
 *
 * @throws AppError `checkpoint-mismatch` when inputs or settings are not those of the run; nothing is changed then.
 */
export async function resumeRun<K extends RunTypes>(
  kind: RunKind<K>,
  options: ResumeOptions<K>,
  context: RunContext<K>,
): Promise<RunOutcome<K['summary']>> {
  const { ports, observer, signal } = context;
  const session = await ports.runs.open(kind.format, options.reference);
  let state: K['state'];
  try {
    state = stateOf(kind, session);
    const isEnded = state.isEnded && !state.isResumable;
    state.reopenFailed();
    const differences = options.differences(session.checkpoint);
    if (differences.length > 0) throw mismatch(differences);
    const changes = await kind.changedInputs(session, state, ports, signal);
    if (changes.length > 0) throw isEnded ? changedSinceEnd(kind, session, changes) : mismatch(changes);
  } catch (error) {
    await session.release();
    throw error;
  }
  if (session.isJournalTorn) {
    observer.onNotice(
      'The last line of the journal was half-written and is dropped; what it recorded is found again on the host.',
    );
  }
  options.adjust(session.checkpoint);
  const run: ActiveRun<K> = { ...context, session, state };
  return await carryOut(kind, run);
}

export function asItWasBegun<K extends RunTypes>(reference: string): ResumeOptions<K> {
  return { reference, differences: () => [], adjust: () => undefined };
}

/** The state of a stored run: its plan and all its events. */
export function stateOf<K extends RunTypes>(
  kind: RunKind<K>,
  run: Pick<StoredRunOf<K>, 'checkpoint' | 'events'>,
): K['state'] {
  const state = kind.newState(run.checkpoint);
  for (const event of run.events) state.apply(event);
  return state;
}

function mismatch(differences: readonly string[]): AppError {
  return new AppError({
    code: 'checkpoint-mismatch',
    message: `The run cannot be resumed as it was: ${named(differences)}.`,
    nextStep: 'Start a new run instead: what is finished is reused where it can be, and nothing was changed.',
  });
}

/** Nothing remains to be done for the run itself; its results are of inputs that are no more. */
function changedSinceEnd<K extends RunTypes>(
  kind: RunKind<K>,
  { runId, checkpoint }: StoredRunOf<K>,
  changes: readonly string[],
): AppError {
  const inputs = changes.length === 1 ? '1 input has' : `${changes.length} inputs have`;
  return new AppError({
    code: 'checkpoint-mismatch',
    message: `Run ${runId} is finished, and ${inputs} changed since: ${named(changes)}.`,
    nextStep: `Begin a new run of them with: ${kind.repeatCommand(checkpoint)}`,
  });
}

function named(sentences: readonly string[]): string {
  const more = sentences.length > maxNamed ? `; and ${sentences.length - maxNamed} more` : '';
  return `${sentences.slice(0, maxNamed).join('; ')}${more}`;
}
