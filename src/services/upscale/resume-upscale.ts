import { UpscaleState } from '../../core/upscale/upscale-state.ts';
import { AppError } from '../../errors/app-error.ts';
import type { Ports, UpscaleRuns } from '../../ports/ports.ts';
import type { UpscaleObserver } from '../../ports/run-observer.ts';
import { carryOutUpscale, type UpscaleOutcome } from './carry-out-upscale.ts';
import { assertSameFile } from './source-of.ts';
import type { UpscaleSession } from './upscale-execution.ts';

/** What is given again when an upscale run is resumed; all of it must agree with the checkpoint. */
export interface ResumeUpscaleRequest {
  /** A path, a run id or `latest`. */
  readonly reference: string;
  /** Absolute paths; null where they were not given. */
  readonly input: string | null;
  readonly output: string | null;
  /** Other settings that were named, by their name on the command line, and whether they are the checkpoint's. */
  readonly given: readonly { readonly flag: string; isSame(session: UpscaleSession): boolean }[];
  readonly isDetached: boolean;
  /** Replace what stands at the output by now. */
  readonly isForced: boolean;
}

/**
 * Goes on with an upscale run: finished segments stay, what failed or was never done is done.
 *
 * @throws AppError `checkpoint-mismatch` when the source or what was given is not the run's; nothing is changed then.
 */
export async function resumeUpscale(
  request: ResumeUpscaleRequest,
  ports: Ports,
  observer: UpscaleObserver,
  signal: AbortSignal,
): Promise<UpscaleOutcome> {
  const session = await ports.upscaleRuns.open(request.reference);
  const state = upscaleStateOf(session);
  try {
    assertSameRequest(request, session);
    if (state.video === null) {
      await assertSameFile(session.checkpoint.source, ports, signal);
      if (session.checkpoint.model) await assertSameFile(session.checkpoint.model, ports, signal);
    }
    state.reopenFailed();
  } catch (error) {
    await session.release();
    throw error;
  }
  const { isDetached } = request;
  if (request.isForced) session.checkpoint.settings.force = true;
  return await carryOutUpscale({ session, state, ports, observer, signal, isDetached });
}

/** The state of a stored upscale run: its plan and all its events. */
export function upscaleStateOf(
  run: Pick<Awaited<ReturnType<UpscaleRuns['read']>>, 'checkpoint' | 'events'>,
): UpscaleState {
  const state = new UpscaleState(run.checkpoint);
  for (const event of run.events) state.apply(event);
  return state;
}

function assertSameRequest(request: ResumeUpscaleRequest, session: UpscaleSession): void {
  const { source, settings } = session.checkpoint;
  const differences = request.given.flatMap(({ flag, isSame }) => (isSame(session) ? [] : [`--${flag}`]));
  if (request.input !== null && request.input !== source.path)
    differences.push(`the video was ${source.path}`);
  if (request.output !== null && request.output !== settings.output)
    differences.push(`the output was ${settings.output}`);
  if (differences.length === 0) return;
  throw new AppError({
    code: 'checkpoint-mismatch',
    message: `Run ${session.runId} was begun otherwise: ${differences.join(', ')}.`,
    nextStep: 'Leave these away to go on with the run as it is, or start a new one without --resume.',
  });
}
