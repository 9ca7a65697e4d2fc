import type { SegmentFacts, SegmentTask, UpscalerSpec } from '../../protocol/segment.ts';
import type { TaskResult } from '../../protocol/task-result.ts';
import { protocolVersion } from '../../protocol/version.ts';
import type { EngineError } from '../engines/engine.ts';

/** What a segment has cost so far. */
export interface SegmentEffort {
  readonly attempts: number;
  readonly startedAtMs: number;
}

/** The result of a segment whose file is published. */
export function segmentDone(
  task: SegmentTask,
  facts: SegmentFacts,
  spec: UpscalerSpec,
  effort: SegmentEffort,
  nowMs: number,
): TaskResult {
  const common = commonPart(task, spec, effort, nowMs);
  return { ...common, status: 'ok', frames_used: facts.unique_frames, segment: facts, error: null };
}

/** The result of a segment that was given up. */
export function segmentFailed(
  task: SegmentTask,
  error: EngineError,
  spec: UpscalerSpec,
  effort: SegmentEffort,
  nowMs: number,
): TaskResult {
  return {
    ...commonPart(task, spec, effort, nowMs),
    status: 'failed',
    frames_used: 0,
    segment: null,
    error: { code: error.code, message: error.message, is_retryable: error.class !== 'permanent' },
  };
}

function commonPart(task: SegmentTask, spec: UpscalerSpec, effort: SegmentEffort, nowMs: number) {
  return {
    version: protocolVersion,
    task_key: task.task_key,
    text: null,
    model: spec.model ?? spec.kind,
    usage: { prompt_tokens: null, completion_tokens: null },
    finish_reason: null,
    attempts: effort.attempts,
    duration_ms: Math.max(0, Math.round(nowMs - effort.startedAtMs)),
    finished_at: new Date(nowMs).toISOString(),
  } as const;
}
