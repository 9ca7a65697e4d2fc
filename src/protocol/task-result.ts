import { z } from 'zod';
import { taskKeySchema } from './identifiers.ts';
import { madeVideoSchema } from './inference.ts';
import { segmentFactsSchema } from './segment.ts';
import { protocolVersion } from './version.ts';

/** Why a task failed on the worker. The texts for people are in `core/run/failure.ts`. */
export const taskErrorCodes = [
  'hint-unreadable',
  'no-frames',
  'output-empty',
  'output-truncated',
  'output-filtered',
  'output-refused',
  'output-copied',
  'output-repeated',
  'output-invalid-json',
  'request-rejected',
  'context-exceeded',
  'engine-rejected',
  'engine-unreachable',
  'engine-failed',
  'engine-timeout',
  'engine-crashed',
  'video-unreadable',
  'out-of-memory',
  'model-unreadable',
  'runtime-missing',
  'prompt-blocked',
  'inference-stalled',
  'inference-failed',
  'video-invalid',
  'failures-repeated',
  'result-implausible',
] as const;

const taskErrorSchema = z.object({
  code: z.enum(taskErrorCodes),
  message: z.string(),
  is_retryable: z.boolean(),
});

/** Tokens as the engine counted them; null where it does not say. */
const usageSchema = z.object({
  prompt_tokens: z.int().min(0).nullable(),
  completion_tokens: z.int().min(0).nullable(),
});

/** `runs/<run_id>/results/<task_key>.json`: published once, by rename, and never changed. */
export const taskResultSchema = z.object({
  version: z.literal(protocolVersion),
  task_key: taskKeySchema,
  status: z.enum(['ok', 'failed']),
  text: z.string().nullable(),
  /** The last answer as it came, where it is not `text`. */
  raw_text: z.string().optional(),
  frames_used: z.int().min(0),
  model: z.string(),
  usage: usageSchema,
  finish_reason: z.string().nullable(),
  attempts: z.int().min(0),
  duration_ms: z.int().min(0),
  finished_at: z.iso.datetime(),
  error: taskErrorSchema.nullable(),
  /** What a task of kind `upscale` made; missing in those of other kinds, null in failed ones. */
  segment: segmentFactsSchema.nullable().optional(),
  /** What a task of kind `inference` made; missing in those of other kinds, null in failed ones. */
  video: madeVideoSchema.nullable().optional(),
});

export type TaskErrorCode = (typeof taskErrorCodes)[number];
export type TaskResult = z.infer<typeof taskResultSchema>;

/** The result of a task whose worker was lost too often, or that no worker could begin. */
export function failedResult(
  taskKey: string,
  message: string,
  nowMs: number,
  code: TaskErrorCode = 'engine-crashed',
): TaskResult {
  return {
    version: protocolVersion,
    task_key: taskKey,
    status: 'failed',
    text: null,
    frames_used: 0,
    model: '',
    usage: { prompt_tokens: null, completion_tokens: null },
    finish_reason: null,
    attempts: 1,
    duration_ms: 0,
    finished_at: new Date(nowMs).toISOString(),
    error: { code, message, is_retryable: true },
  };
}
