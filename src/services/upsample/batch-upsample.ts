import type { UpsampleCheckpoint } from '../../core/upsample/upsample-checkpoint.ts';
import { checkpointVersion } from '../../core/upsample/upsample-checkpoint.ts';
import type { RunStatus, UpsampleEvent } from '../../core/upsample/upsample-event.ts';
import type { UpsamplePlan } from '../../core/upsample/upsample-plan.ts';
import type { UpsampleSettings } from '../../core/upsample/upsample-settings.ts';
import { UpsampleState } from '../../core/upsample/upsample-state.ts';
import { endStatusOf, engineText, type UpsampleSummary } from '../../core/upsample/upsample-summary.ts';
import { AppError, messageOf } from '../../errors/app-error.ts';
import type { Ports } from '../../ports/ports.ts';
import type { UpsampleObserver } from '../../ports/run-observer.ts';
import type { RunSession } from '../../ports/run-store.ts';
import { hostAway } from '../runs/host-away.ts';
import { type Execution, executeRun } from './execute-run.ts';
import { planSpecs } from './plan-specs.ts';
import { driftNotice, summaryOfUpsample } from './summarise-upsample.ts';
import { writeUpsampleReport } from './write-upsample-report.ts';

/** What a new run is asked to do. */
export interface UpsampleRequest {
  readonly inputs: readonly string[];
  readonly settings: UpsampleSettings;
  /** Folders that are no input even when they lie inside one. */
  readonly excluded: readonly string[];
  /** Folder that specs are named against, where it is not simply what all inputs share. */
  readonly inputRoot?: string;
  /** Hand everything over and leave; resuming collects the results. */
  readonly isDetached?: boolean;
}

/** How a run ended. `error` is what stopped it before every spec had an outcome; its state is saved then. */
export interface RunOutcome {
  readonly summary: UpsampleSummary;
  readonly error: AppError | null;
}

/**
 * Plans a run and carries it out.
 *
 * @throws AppError for anything that was wrong before the run began; the signal's reason when it aborts.
 */
export async function batchUpsample(
  request: UpsampleRequest,
  ports: Ports,
  observer: UpsampleObserver,
  signal: AbortSignal,
): Promise<RunOutcome> {
  assertServerIsNamed(request.settings);
  const plan = await planSpecs(request, ports, observer, signal);
  assertSourcesAreSafe(request.settings, plan, ports);
  const session = await ports.runs.create(newCheckpoint(request, plan, ports));
  const isDetached = request.isDetached ?? false;
  return await carryOut({
    session,
    state: new UpsampleState(plan.specs),
    ports,
    observer,
    signal,
    isDetached,
  });
}

/** Executes an open run to its end, writes its reports and lets go of it. */
export async function carryOut(execution: Execution): Promise<RunOutcome> {
  const { session, state, ports, observer, isDetached } = execution;
  const startedMs = ports.clock.now();
  const { settings } = session.checkpoint;
  const total = state.specs.size;
  const isResumed = session.events.length > 0;
  observer.onBegin({
    runId: session.runId,
    total,
    settled: total - state.pendingCount,
    failed: state.counts.failed,
    concurrency: settings.engine.concurrency * settings.workers,
    engine: engineText(settings.engine.kind, settings.engine.model),
  });
  try {
    observer.onEvent(
      session.append({ type: 'run-started', run_id: session.runId, total, is_resumed: isResumed }),
    );
    state.apply({ type: 'run-started', run_id: session.runId, total, is_resumed: isResumed });
    const { error, interruption } = await tryExecute(execution);
    const away = error?.code === 'host-unreachable' ? await hostAway(error, session, state, ports) : null;
    const isFailed = away ? !away.isWorkOnHost : error !== null || interruption !== null;
    const isLeft = (isDetached || away !== null) && state.pendingCount > 0;
    const status = isFailed ? 'failed' : isLeft ? 'detached' : endStatusOf(state.counts);
    const summary = summaryOfUpsample(session, state, status, ports.clock.now() - startedMs);
    const drift = summary.token_drift;
    if (drift?.is_notable || drift?.is_vision_missing) observer.onNotice(driftNotice(drift));
    const event = noteEnd(session, state, status);
    try {
      await session.flush(true);
      await tryWriteReport(execution);
      if (interruption) throw interruption.reason;
      const told = away?.error ?? error;
      return { summary: { ...summary, error: told && factsOf(told) }, error: told };
    } finally {
      // Whoever follows the events waits for this one, however the run ended.
      observer.onEvent(event);
    }
  } finally {
    await session.release();
  }
}

function factsOf({ code, message, nextStep }: AppError): NonNullable<UpsampleSummary['error']> {
  return { code, message, next_step: nextStep };
}

/** Separates what a run may end with: done, stopped by something foreseen, stopped by the user; bugs are thrown. */
async function tryExecute(
  execution: Execution,
): Promise<{ readonly error: AppError | null; readonly interruption: { readonly reason: unknown } | null }> {
  try {
    await executeRun(execution);
    return { error: null, interruption: null };
  } catch (error) {
    if (execution.signal.aborted) return { error: null, interruption: { reason: execution.signal.reason } };
    if (error instanceof AppError) return { error, interruption: null };
    throw error;
  }
}

/** A report that cannot be written takes nothing from the run; `cosmos report` writes it anew. */
async function tryWriteReport({ session, state, ports, observer }: Execution): Promise<void> {
  try {
    await writeUpsampleReport(session, state, ports);
  } catch (error) {
    observer.onNotice(`The report could not be written: ${messageOf(error)}`);
  }
}

/** Notes how the run ended. */
function noteEnd(session: RunSession, state: UpsampleState, status: RunStatus): UpsampleEvent {
  const body = { type: 'run-finished', status, counts: state.counts } as const;
  const event = session.append(body);
  state.apply(body);
  return event;
}

function newCheckpoint(request: UpsampleRequest, plan: UpsamplePlan, ports: Ports): UpsampleCheckpoint {
  return {
    version: checkpointVersion,
    run_id: ports.newRunId(),
    tool_version: ports.toolVersion,
    created_at: new Date(ports.clock.now()).toISOString(),
    input_root: plan.inputRoot,
    inputs: [...request.inputs],
    settings: request.settings,
    batches: [...plan.batches],
    specs: [...plan.specs],
  };
}

/** Told before anything is prepared: no run can go on without a server. */
function assertServerIsNamed({ engine }: UpsampleSettings): void {
  if (engine.kind !== 'openai' || engine.base_url !== null || (engine.command?.length ?? 0) > 0) return;
  throw new AppError({
    code: 'config-invalid',
    message: 'The engine openai needs a server, and none is named (base_url).',
    nextStep:
      'Name it with --base-url http://127.0.0.1:8000/v1, or have a host serve the model with --host NAME.',
  });
}

/** Enriched specs in the folder of their sources would replace them, which only `--write-back` may do. */
function assertSourcesAreSafe(
  settings: UpsampleSettings,
  { inputRoot }: UpsamplePlan,
  { specs }: Ports,
): void {
  if (settings.write_back || specs.outputPath(settings.output_dir, 'x') !== specs.outputPath(inputRoot, 'x'))
    return;
  throw new AppError({
    code: 'usage-invalid',
    message: `The output folder ${settings.output_dir} is the folder of the specs: they would be overwritten.`,
    nextStep: 'Choose another --output-dir, or say --write-back if that is what you want.',
  });
}
