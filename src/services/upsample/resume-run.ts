import pMap from 'p-map';
import type { UpsampleSettings } from '../../core/upsample/upsample-settings.ts';
import { type SpecState, UpsampleState } from '../../core/upsample/upsample-state.ts';
import { AppError } from '../../errors/app-error.ts';
import type { Ports } from '../../ports/ports.ts';
import type { UpsampleObserver } from '../../ports/run-observer.ts';
import type { RunSession, StoredRun } from '../../ports/run-store.ts';
import { carryOut, type RunOutcome } from './batch-upsample.ts';
import { findSource } from './read-source.ts';

/** Files looked at together when inputs are compared with the plan. */
const readsPerCore = 8;

/** Differences that are named; more would hide the first. */
const maxNamed = 5;

/** What is given again when a run is resumed; all of it must agree with the checkpoint. */
export interface ResumeRequest {
  /** A path, a run id or `latest`. */
  readonly reference: string;
  /** Absolute paths of the SPECS arguments; empty when none were given. */
  readonly inputs: readonly string[];
  /** The settings that were named on the command line, by the names of the checkpoint. */
  readonly given: Partial<UpsampleSettings>;
  /** Where the server is now, if it moved: the one setting that may change, because no answer depends on it. */
  readonly baseUrl: string | null;
  /** Hand over what remains and leave again. */
  readonly isDetached?: boolean;
}

/**
 * Goes on with a run: what is finished stays, what failed or was never done is done.
 *
 * @throws AppError `checkpoint-mismatch` when inputs or settings are not those of the run; nothing is changed then.
 */
export async function resumeRun(
  request: ResumeRequest,
  ports: Ports,
  observer: UpsampleObserver,
  signal: AbortSignal,
): Promise<RunOutcome> {
  const session = await ports.runs.open(request.reference);
  let state: UpsampleState;
  try {
    state = stateOf(session);
    reopenFailed(state);
    assertSameRequest(request, session);
    await assertSameInputs(session, state, ports);
  } catch (error) {
    await session.release();
    throw error;
  }
  if (session.isJournalTorn) {
    observer.onNotice(
      'The last line of the journal was half-written and is dropped; what it told is found again on the host.',
    );
  }
  if (request.baseUrl !== null) {
    session.checkpoint.settings.engine.base_url = request.baseUrl;
    delete session.checkpoint.settings.engine.command;
  }
  return await carryOut({ session, state, ports, observer, signal, isDetached: request.isDetached ?? false });
}

/** The state of a stored run: its plan and all its events. */
export function stateOf(run: Pick<StoredRun, 'checkpoint' | 'events'>): UpsampleState {
  const state = new UpsampleState(run.checkpoint.specs);
  for (const event of run.events) state.apply(event);
  return state;
}

/** What failed while the plan was made stays failed: its file would have to change, and that is a new run. */
function reopenFailed(state: UpsampleState): void {
  for (const { planned } of state.specs.values()) {
    if (planned.action !== 'fail') state.reopen(planned.spec);
  }
}

function assertSameRequest(request: ResumeRequest, { checkpoint }: RunSession): void {
  const differences: string[] = [];
  const isSameInput =
    request.inputs.length === 0 || sorted(request.inputs).join('\0') === sorted(checkpoint.inputs).join('\0');
  if (!isSameInput) differences.push(`the specs were ${checkpoint.inputs.join(', ')}`);
  const { engine, ...given } = request.given;
  collectDifferences(given, checkpoint.settings, differences);
  collectDifferences(engine ?? {}, checkpoint.settings.engine, differences);
  if (differences.length > 0) throw mismatch(differences);
}

function collectDifferences(given: object, recorded: object, differences: string[]): void {
  const known = new Map<string, unknown>(Object.entries(recorded));
  for (const [name, value] of Object.entries(given)) {
    if (known.get(name) === value) continue;
    differences.push(`${name} was ${JSON.stringify(known.get(name))}, now ${JSON.stringify(value)}`);
  }
}

/** Only what remains to be done is compared: finished specs may have been written back, or moved away. */
async function assertSameInputs(session: RunSession, state: UpsampleState, ports: Ports): Promise<void> {
  const pending = [...state.specs.values()].filter(({ planned }) => !state.isSettled(planned.spec));
  const changes = await pMap(pending, (spec) => changeOf(spec, session, ports), {
    concurrency: ports.parallelism * readsPerCore,
  });
  const differences = changes.filter((change) => change !== null);
  if (differences.length > 0) throw mismatch(differences);
}

async function changeOf({ planned }: SpecState, session: RunSession, ports: Ports): Promise<string | null> {
  const found = await findSource(planned, session, ports.specs);
  if (!found.isFound) return `${planned.spec} was edited or is gone (${found.failure.message})`;
  if (planned.video === null) return null;
  const video = await ports.specs.statVideo(planned.video.path);
  if (video === null) return `the video ${planned.video.path} is gone`;
  const isSame =
    video.sizeBytes === planned.video.size_bytes && video.modifiedMs === planned.video.modified_ms;
  return isSame ? null : `the video ${planned.video.path} was replaced`;
}

function mismatch(differences: readonly string[]): AppError {
  const more = differences.length > maxNamed ? `; and ${differences.length - maxNamed} more` : '';
  return new AppError({
    code: 'checkpoint-mismatch',
    message: `The run cannot be resumed as it was: ${differences.slice(0, maxNamed).join('; ')}${more}.`,
    nextStep: 'Start a new run instead: prompts that are finished are reused, and nothing was changed.',
  });
}

function sorted(values: readonly string[]): string[] {
  return [...values].sort();
}
