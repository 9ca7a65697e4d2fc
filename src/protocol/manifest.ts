import { z } from 'zod';
import { runIdSchema, sha256Schema, taskKeySchema } from './identifiers.ts';
import { type ModelProgram, modelProgramSchema, type VideoTask, videoTaskSchema } from './inference.ts';
import { type RetoucherSpec, type RetouchTask, retoucherSpecSchema, retouchTaskSchema } from './retouch.ts';
import { type SegmentTask, segmentTaskSchema, type UpscalerSpec, upscalerSpecSchema } from './segment.ts';
import { protocolVersion } from './version.ts';

const sizePx = z.int().min(1).max(65_536);

/** What a clip shows: the scene itself, the scene blurred (`vis`), or one of the maps made from it. */
const hintKinds = ['video', 'vis', 'edge', 'seg', 'depth'] as const;

/** The clip a task's frames come from; its bytes lie under `objects/<sha256>`. */
const manifestHintSchema = z.object({
  sha256: sha256Schema,
  width: sizePx,
  height: sizePx,
  frames: z.int().min(1).max(1024),
  /** Missing in manifests of older versions; then `video`. */
  kind: z.enum(hintKinds).optional(),
});

/** One prompt to enrich. `hint` is null for a text-only task. */
const manifestTaskSchema = z.object({
  task_key: taskKeySchema,
  name: z.string().max(4096),
  prompt: z.string().min(1),
  hint: manifestHintSchema.nullable(),
  max_output_tokens: z.int().min(1),
  /** Of this task alone, for one that is asked several times; missing: the engine's. */
  seed: z.int().min(0).optional(),
  /** How long the video will be, for a prompt that has to say what happens when; missing where none has to. */
  duration_seconds: z.int().min(1).optional(),
});

/** How often and how patiently a failed request is asked again; durations in milliseconds. */
const retryPolicySchema = z.object({
  max_attempts: z.int().min(1).max(100),
  base_delay_ms: z.int().min(0),
  max_delay_ms: z.int().min(0),
  /** How long an engine may be unreachable or overloaded before its tasks are given up. */
  max_outage_ms: z.int().min(0),
  /** Tasks with the same failure, and no success in between, after which no more are asked; 0 or missing: no number. */
  max_equal_failures: z.int().min(0).optional(),
});

/** Which engine answers, and how it is asked. The API key itself never travels: only its variable's name. */
const engineSpecSchema = z.object({
  kind: z.enum(['describe', 'openai']),
  model: z.string(),
  base_url: z.string().nullable(),
  api_key_env: z.string().nullable(),
  concurrency: z.int().min(1).max(1024),
  temperature: z.number().min(0).max(2),
  /** Text sent before each prompt; empty for models that were trained on bare prompts. */
  instruction: z.string(),
  /** Here and below: missing where nothing of the kind is asked for. */
  system_prompt: z.string().optional(),
  top_p: z.number().optional(),
  top_k: z.int().optional(),
  presence_penalty: z.number().optional(),
  seed: z.int().min(0).optional(),
  message_order: z.literal('text-first').optional(),
  /** Merged into every request. */
  extra_body: z.record(z.string(), z.unknown()).optional(),
  /** The shape of the answer; missing: text. */
  prompt_format: z.literal('cosmos3-json').optional(),
  request_timeout_ms: z.int().min(1),
  /**
   * Program and arguments of the server that the worker starts itself, `{port}` standing for the port it gives;
   * missing or empty when `base_url` names one that runs already.
   */
  command: z.array(z.string().max(4096)).max(256).optional(),
  retry: retryPolicySchema,
});

const batchOf = <Task extends z.ZodType>(task: Task) =>
  z.object({
    batch_id: z.int().min(0),
    /** How often the batch was submitted: 2 when the first worker died. Of two manifests the higher one holds. */
    attempt: z.int().min(1).optional(),
    tasks: z.array(task).min(1),
  });

const owner = {
  version: z.literal(protocolVersion),
  run_id: runIdSchema,
  worker_id: z.int().min(0),
};

/** Prompts to enrich. */
const upsampleManifestSchema = z.object({
  ...owner,
  kind: z.literal('upsample'),
  engine: engineSpecSchema,
  batches: z.array(batchOf(manifestTaskSchema)).min(1),
});

/** Segments of a video to upscale. */
const upscaleManifestSchema = z.object({
  ...owner,
  kind: z.literal('upscale'),
  engine: upscalerSpecSchema,
  batches: z.array(batchOf(segmentTaskSchema)).min(1),
});

/** Segments of a video in which regions are processed. */
const retouchManifestSchema = z.object({
  ...owner,
  kind: z.literal('retouch'),
  engine: retoucherSpecSchema,
  batches: z.array(batchOf(retouchTaskSchema)).min(1),
});

/** Videos to make from prompts. */
const inferenceManifestSchema = z.object({
  ...owner,
  kind: z.literal('inference'),
  engine: modelProgramSchema,
  batches: z.array(batchOf(videoTaskSchema)).min(1),
});

/** `runs/<run_id>/manifests/worker_<n>_manifest_<m>.json`: work submitted to one worker. */
export const manifestSchema = z.discriminatedUnion('kind', [
  upsampleManifestSchema,
  upscaleManifestSchema,
  retouchManifestSchema,
  inferenceManifestSchema,
]);

export type ManifestHint = z.infer<typeof manifestHintSchema>;
export type ManifestTask = z.infer<typeof manifestTaskSchema>;
export type RetryPolicy = z.infer<typeof retryPolicySchema>;
export type EngineSpec = z.infer<typeof engineSpecSchema>;
export type Manifest = z.infer<typeof manifestSchema>;

/** A task of any kind; what all kinds have is its key. */
export type WorkTask = ManifestTask | SegmentTask | RetouchTask | VideoTask;
/** Tasks of one kind that are submitted together. */
export interface WorkBatch {
  readonly batch_id: number;
  readonly attempt?: number | undefined;
  readonly tasks: readonly WorkTask[];
}
/** Who does the tasks of a manifest; its kind says what kind of work they are. */
export type WorkEngine = EngineSpec | UpscalerSpec | RetoucherSpec | ModelProgram;
/** Who makes segments of a video. */
export type SegmentEngine = UpscalerSpec | RetoucherSpec;

/** The batches of a manifest of any kind. */
export function batchesOf(manifest: Manifest | null): readonly WorkBatch[] {
  return manifest?.batches ?? [];
}

/** The contents that a task needs on its host, by their hashes. */
export function objectsOf(task: WorkTask, engine: WorkEngine): readonly string[] {
  if ('clip' in task) {
    const [model, masks] = ['encoding' in engine && engine.model, 'masks' in task && task.masks];
    return [task.clip.source, ...(model ? [model] : []), ...(masks ? [masks] : [])];
  }
  if ('controls' in task) return [task.video, ...task.controls].flatMap((file) => file?.sha256 ?? []);
  return task.hint ? [task.hint.sha256] : [];
}

export function workKindOf(engine: WorkEngine): Manifest['kind'] {
  if ('family' in engine) return 'inference';
  if (isSegmentEngine(engine)) return 'scale' in engine ? 'upscale' : 'retouch';
  return 'upsample';
}

export function isSegmentEngine(engine: WorkEngine): engine is SegmentEngine {
  return 'encoding' in engine;
}

/** Tasks with the same failure, and no success in between, after which no more are to be asked; 0: any number. */
export function maxEqualFailuresOf(engine: WorkEngine): number {
  return 'retry' in engine ? (engine.retry.max_equal_failures ?? 0) : 0;
}

/** Kinds of work whose tasks are segments of one video, which are put together at the end. */
export const segmentKinds: ReadonlySet<string> = new Set<Manifest['kind']>(['upscale', 'retouch']);
