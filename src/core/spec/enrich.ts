import type { SpecDocument } from './parse-spec.ts';
import { type PromptSpec, sourcePromptOf } from './prompt-spec.ts';
import { specIdOf } from './spec-id.ts';

/** What is recorded under `metadata.upsampling`: see `docs/formats/enriched-spec.md`. JSON, so snake_case. */
export interface UpsamplingRecord {
  readonly version: 1;
  readonly run_id: string;
  readonly task_key: string;
  readonly parent_id: string | null;
  /** From the folder of this file to that of the spec which it was made from: its paths begin there. Missing in older files. */
  readonly source_folder?: string;
  readonly engine: string;
  readonly model: string;
  /** The model that the run named, where the server calls the one that answered otherwise. */
  readonly asked_model?: string;
  readonly frames_used: number;
  /** Which of several prompts of one spec it is, and what its sampling started with; missing where there is one. */
  readonly variant?: number;
  readonly seed?: number;
  /** Missing for prompts of words. */
  readonly prompt_format?: string;
  readonly hint: {
    readonly sha256: string;
    readonly width: number;
    readonly height: number;
    readonly frames: number;
    readonly generated: boolean;
  } | null;
  readonly tokens: {
    readonly estimator: string;
    readonly vision: number;
    readonly text: number;
    readonly output_reserved: number;
    readonly limit: number;
    readonly actual_prompt: number | null;
    readonly actual_output: number | null;
  };
  readonly attempts: number;
  readonly duration_ms: number;
  readonly finished_at: string;
  readonly tool_version: string;
}

/**
 * The enriched spec: every field of the source stays, unknown ones too; the prompt is replaced and remembered as
 * `parent_prompt_text`, the id follows the new prompt, and `metadata.upsampling` tells how it came about.
 */
export function enrichSpec(
  document: SpecDocument,
  spec: PromptSpec,
  text: string,
  record: Omit<UpsamplingRecord, 'version' | 'parent_id'>,
): SpecDocument {
  const upsampling: UpsamplingRecord = { version: 1, ...orderRecord(record, spec.id ?? null) };
  return {
    ...document,
    id: specIdOf({
      prompt: text,
      videoPath: spec.input_video_path ?? '',
      controlInputs: spec.control_inputs ?? {},
    }),
    prompt: text,
    is_upsampled: true,
    parent_prompt_text: sourcePromptOf(spec),
    metadata: { ...(document['metadata'] ?? {}), upsampling },
  };
}

/** Keys in the documented order, with `parent_id` where a reader expects it. */
function orderRecord(record: Omit<UpsamplingRecord, 'version' | 'parent_id'>, parentId: string | null) {
  const { run_id, task_key, source_folder, ...rest } = record;
  return {
    run_id,
    task_key,
    parent_id: parentId,
    ...(source_folder !== undefined && { source_folder }),
    ...rest,
  };
}

/** From the folder of an enriched spec to that of its source, where paths in it begin; null where that is not known. */
export function sourceFolderOf(spec: PromptSpec): string | null {
  return recordedText(spec, 'source_folder');
}

/** The id that a spec had before it was enriched; null for one that is not enriched, or had none. */
export function parentIdOf(spec: PromptSpec): string | null {
  return recordedText(spec, 'parent_id');
}

/** What enriched a spec. */
export interface EnrichingRun {
  readonly runId: string;
  /** Kind of the engine; empty where it is not recorded, as the model. */
  readonly engine: string;
  /** The model by the server's name, and by the one that the run used. */
  readonly model: string;
  readonly askedModel: string;
  /** Null for prompts of words. */
  readonly promptFormat: string | null;
}

/** The run that enriched this spec, or null when it is not enriched by cosmos. */
export function enrichingRunOf(spec: PromptSpec): EnrichingRun | null {
  const runId = spec.is_upsampled === true ? recordedText(spec, 'run_id') : null;
  if (runId === null) return null;
  const model = recordedText(spec, 'model') ?? '';
  return {
    ...{ runId, model },
    engine: recordedText(spec, 'engine') ?? '',
    askedModel: recordedText(spec, 'asked_model') ?? model,
    promptFormat: recordedText(spec, 'prompt_format'),
  };
}

function recordedText(spec: PromptSpec, key: keyof UpsamplingRecord): string | null {
  const record: Readonly<Record<string, unknown>> = Object(spec.metadata?.['upsampling']);
  const text = record[key];
  return typeof text === 'string' ? text : null;
}
