import { createHash } from 'node:crypto';
import { dirname, relative, sep } from 'node:path';
import { writeCosmos3Prompt } from '../../core/inference/cosmos3-prompt.ts';
import { withoutHidden } from '../../core/printable.ts';
import { type SpecFailure, specFailure } from '../../core/run/failure.ts';
import { enrichSpec, type UpsamplingRecord } from '../../core/spec/enrich.ts';
import { formatSpec, parseSpec } from '../../core/spec/parse-spec.ts';
import { estimatorNamed } from '../../core/tokens/estimator.ts';
import { answerMark } from '../../core/upsample/answer-index.ts';
import type { ResultOrigin } from '../../core/upsample/result-origin.ts';
import type { UpsampleEventBody } from '../../core/upsample/upsample-event.ts';
import { outputFileOf, type PlannedSpec } from '../../core/upsample/upsample-plan.ts';
import { estimatorOf, type UpsampleSettings } from '../../core/upsample/upsample-settings.ts';
import { AppError, messageOf } from '../../errors/app-error.ts';
import type { Ports } from '../../ports/ports.ts';
import type { TaskResult } from '../../protocol/task-result.ts';
import type { RunBasis, TaskHint, UpsampleTask } from './upsample-types.ts';

type Outcome = Extract<UpsampleEventBody, { type: 'task-finished' | 'task-failed' }>;

interface FinishContext {
  readonly session: RunBasis;
  readonly ports: Pick<Ports, 'specs' | 'toolVersion'>;
  /** Specs of another task of the run: workers know tasks by their keys, and people by their specs. */
  specsOf?(taskKey: string): readonly string[];
  /** Where the answer of an earlier run came from. */
  readonly reusedFrom?: ResultOrigin;
}

/**
 * Turns a result into the enriched spec and the event that says so. The file stands before the event exists, and
 * writing it again gives the same bytes, so a process that dies in between loses nothing.
 */
export async function finishTask(
  task: UpsampleTask,
  result: TaskResult,
  isReused: boolean,
  context: FinishContext,
): Promise<Outcome> {
  if (result.status === 'failed' || result.text === null)
    return failedOutcome(task, namingSpecs(failureOf(result), context), result.attempts);
  const { session, ports } = context;
  const output = ports.specs.outputPath(session.checkpoint.settings.output_dir, outputFileOf(task.planned));
  const { source } = task;
  try {
    const text = source.isWrittenBack ? source.text : enrichedText(task, result, output, context);
    if (!session.checkpoint.settings.write_back) await ports.specs.publish(output, text, [source.path]);
    else {
      // An earlier process of this run may have written it already.
      const hashes = [task.planned.sha256 ?? '', createHash('sha256').update(text).digest('hex')];
      if (!(await ports.specs.writeBack(output, text, source.path, hashes)))
        return failedOutcome(task, editedMeanwhile(task.planned.spec, output), result.attempts);
    }
  } catch (error) {
    if (error instanceof AppError) throw error;
    const failure = specFailure('output-unwritable', `${output} cannot be written: ${messageOf(error)}.`);
    return failedOutcome(task, failure, result.attempts);
  }
  return {
    type: 'task-finished',
    spec: task.planned.spec,
    task_key: task.taskKey,
    output,
    is_reused: isReused,
    frames_used: result.frames_used,
    model: result.model,
    actual_prompt: result.usage.prompt_tokens,
    actual_output: result.usage.completion_tokens,
    attempts: result.attempts,
    duration_ms: result.duration_ms,
    answer_mark: answerMark(task, result.text),
    ...(context.reusedFrom && { reused_from: context.reusedFrom.host }),
  };
}

function editedMeanwhile(spec: string, output: string): SpecFailure {
  const message = `${spec} is no longer the file that was planned, and is left as it is. The enriched spec of what it was: ${output}.`;
  return specFailure('spec-changed', message);
}

/** A failure whose message names specs where it named a task. */
function namingSpecs<Failure extends { readonly message: string }>(
  failure: Failure,
  { specsOf }: FinishContext,
): Failure {
  const key = /\btask ([0-9a-f]{64})\b/.exec(failure.message)?.[1];
  if (key === undefined) return failure;
  const names = specsOf?.(key).join(', ') ?? '';
  return names === '' ? failure : { ...failure, message: failure.message.replace(`task ${key}`, names) };
}

export function failedOutcome(
  task: Pick<UpsampleTask, 'planned'> & { taskKey?: string },
  failure: NonNullable<PlannedSpec['failure']>,
  attempts: number,
): Outcome {
  return {
    type: 'task-failed',
    spec: task.planned.spec,
    task_key: task.taskKey ?? null,
    attempts,
    ...failure,
  };
}

function enrichedText(
  task: UpsampleTask,
  result: TaskResult,
  output: string,
  { session, ports }: FinishContext,
): string {
  const folder = relative(dirname(output), dirname(task.source.path)).split(sep).join('/');
  const record = { ...recordOf(task, result, session, ports.toolVersion), source_folder: folder || '.' };
  const parsed = parseSpec(task.source.text);
  if (!parsed.isValid) throw new Error(`${task.planned.spec} was valid when it was prepared`);
  // A host may return what its worker would have left out.
  const text = withoutHidden(result.text ?? '');
  const prompt = task.known ? writeCosmos3Prompt(text, task.known.facts) : text;
  return formatSpec(enrichSpec(parsed.document, parsed.spec, prompt, record));
}

function recordOf(
  task: UpsampleTask,
  result: TaskResult,
  session: RunBasis,
  toolVersion: string,
): Omit<UpsamplingRecord, 'version' | 'parent_id'> {
  const { settings } = session.checkpoint;
  return {
    run_id: session.runId,
    task_key: task.taskKey,
    engine: settings.engine.kind,
    model: result.model,
    ...(settings.engine.model !== '' &&
      settings.engine.model !== result.model && { asked_model: settings.engine.model }),
    frames_used: result.frames_used,
    ...(task.planned.variant !== undefined && { variant: task.planned.variant }),
    ...(task.seed !== undefined && { seed: task.seed }),
    ...(settings.engine.prompt_format && { prompt_format: settings.engine.prompt_format }),
    hint: hintRecord(task.hint),
    tokens: {
      estimator: estimatorOf(settings),
      vision: visionTokensOf(task.hint, settings),
      text: task.planned.tokens?.text ?? 0,
      output_reserved: task.maxOutputTokens,
      limit: settings.max_tokens,
      actual_prompt: result.usage.prompt_tokens,
      actual_output: result.usage.completion_tokens,
    },
    attempts: result.attempts,
    duration_ms: result.duration_ms,
    finished_at: result.finished_at,
    tool_version: toolVersion,
  };
}

/** Vision tokens of the frames that were really sent: a hint may be smaller than planned. */
export function visionTokensOf(
  hint: Pick<TaskHint, 'width' | 'height' | 'frames'> | null,
  settings: UpsampleSettings,
): number {
  return hint ? estimatorNamed(estimatorOf(settings)).visionTokens(hint, hint.frames) : 0;
}

export function hintRecord(hint: TaskHint | null): UpsamplingRecord['hint'] {
  if (hint === null) return null;
  const { sha256, width, height, frames, generated } = hint;
  return { sha256, width, height, frames, generated };
}

function failureOf(result: TaskResult): SpecFailure {
  return specFailure(
    result.error?.code ?? 'engine-failed',
    result.error?.message ?? 'The engine gave no answer.',
  );
}
