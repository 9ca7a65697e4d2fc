import { type Settings, settingsSchema } from '../../core/settings/settings-schema.ts';
import { AppError } from '../../errors/app-error.ts';
import { carryOut, type RunContext, type RunOutcome } from './carry-out.ts';
import type { ActiveRun, RunKind, RunTypes, StoredRunOf } from './run-kind.ts';

/** Differences that are named; more would hide the first. */
const maxNamed = 5;

/** Makes today's settings: the files and the command line over what the run has, which was partly named on its own one. */
export type SettingsOver = (run: object, named: object) => Settings;

/** How a run is continued. */
export interface ResumeOptions<K extends RunTypes> {
  /** A path, a run id or `latest`. */
  readonly reference: string;
  /** Flags that a new run would need too, as they are typed: they are no settings of a run. */
  readonly otherFlags?: readonly string[];
  /** @throws AppError `config-invalid` when today's settings make no run. */
  update(run: Pick<ActiveRun<K>, 'state'> & Pick<StoredRunOf<K>, 'checkpoint'>): RunUpdate;
}

/** What has changed since the run was started. */
export interface RunUpdate {
  /** What is given and cannot be taken: sentences. */
  readonly refused: readonly string[];
  /** The command of a new run with what is given now; null where nothing is. */
  readonly newRunCommand: string | null;
  /** What that command needs besides: sentences. */
  readonly newRunNotes?: readonly string[];
  /** What is taken: a sentence; null for nothing. */
  readonly notice: string | null;
  /** The settings of the run from now on; null when they are as they were. */
  readonly settings: object | null;
  /** What was submitted and has no result is not what is to be done any more, or not there. */
  readonly isWorkWithdrawn: boolean;
}

/**
 * Continues a run: what is finished stays, what failed or was never done is done.
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
  let update: RunUpdate;
  try {
    state = stateOf(kind, session);
    const isEnded = state.isEnded && !state.isResumable;
    state.reopenFailed();
    update = options.update({ checkpoint: session.checkpoint, state });
    const command = update.newRunCommand ?? kind.repeatCommand(session.checkpoint);
    const newRunCommand = [command, ...(options.otherFlags ?? [])].join(' ');
    if (update.refused.length > 0) throw mismatch(update.refused, newRunCommand, update.newRunNotes);
    const changes = await kind.changedInputs(session, state, ports, signal);
    if (changes.length > 0)
      throw isEnded ? changedSinceEnd(kind, session, changes) : mismatch(changes, newRunCommand);
    if (update.isWorkWithdrawn) await withdrawWork(kind, session, update, context);
  } catch (error) {
    await session.release();
    throw error;
  }
  if (session.isJournalTorn) {
    observer.onNotice(
      'The last line of the journal was half-written and is dropped; what it recorded is looked up on the host.',
    );
  }
  if (update.notice !== null) observer.onNotice(update.notice);
  if (update.settings) Object.assign(session.checkpoint, { settings: update.settings });
  const run: ActiveRun<K> = { ...context, session, state };
  return await carryOut(kind, run, update.settings);
}

/** Continues as before, whatever the settings are now. */
export function asItWasBegun<K extends RunTypes>(reference: string): ResumeOptions<K> {
  const nothing = { refused: [], notice: null, settings: null, isWorkWithdrawn: false };
  return { reference, update: () => ({ ...nothing, newRunCommand: null }) };
}

/**
 * Stops what is running of the run on its host, and takes back what was submitted there: it would be done beside what is
 * submitted now. Results stay.
 */
async function withdrawWork<K extends RunTypes>(
  kind: RunKind<K>,
  { runId, checkpoint, events }: StoredRunOf<K>,
  { settings }: RunUpdate,
  { ports, observer }: RunContext<K>,
): Promise<void> {
  if (!isAnySubmitted(events)) return;
  const { host: name, workers, needs } = kind.facts(checkpoint);
  const isHostLeft = kind.facts({ ...checkpoint, settings }).host !== name;
  try {
    const host = ports.host(name);
    await host.stopRun(runId, { workers, needs, isWithdrawn: true }).finally(() => host.close());
  } catch (error) {
    if (!isHostLeft || !(error instanceof AppError)) throw error;
    observer.onNotice(
      `${name} could not be told to stop: what was submitted there keeps running and is not used. (${error.message})`,
    );
  }
}

/**
 * Today's settings over those of a run.
 *
 * @param config - The run's settings in the shape of `config.toml`.
 * @param named - Those of them that were named on its command line.
 * @throws AppError `checkpoint-mismatch` when the run has settings that cannot be set.
 */
export function settingsOfToday(settingsOver: SettingsOver, config: object, named: object): Settings {
  const issue = settingsSchema.safeParse(config).error?.issues[0];
  if (!issue) return settingsOver(config, named);
  throw new AppError({
    code: 'checkpoint-mismatch',
    message: `The run has settings that this version of cosmos does not accept: ${issue.path.join('.')}: ${issue.message}.`,
    nextStep: 'Nothing was changed. cosmos attach RUN continues it without checking them.',
  });
}

function isAnySubmitted(events: Iterable<{ readonly type: string }>): boolean {
  for (const { type } of events) if (type === 'batch-submitted') return true;
  return false;
}

/** The state of a stored run: its plan and all its events. */
export function stateOf<K extends RunTypes>(
  kind: Pick<RunKind<K>, 'newState'>,
  run: Pick<StoredRunOf<K>, 'checkpoint' | 'events'>,
): K['state'] {
  const state = kind.newState(run.checkpoint);
  for (const event of run.events) state.apply(event);
  return state;
}

function mismatch(
  differences: readonly string[],
  newRunCommand: string,
  notes: readonly string[] = [],
): AppError {
  return new AppError({
    code: 'checkpoint-mismatch',
    message: `The run cannot be resumed as it was: ${named(differences)}.`,
    nextStep: ['Nothing was changed.', ...notes, `Start a new run with: ${newRunCommand}`].join(' '),
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
    nextStep: `Start a new run of them with: ${kind.repeatCommand(checkpoint)}`,
  });
}

function named(sentences: readonly string[]): string {
  const more = sentences.length > maxNamed ? `; and ${sentences.length - maxNamed} more` : '';
  return `${sentences.slice(0, maxNamed).join('; ')}${more}`;
}
