import type { EngineSpec, ManifestTask } from '../../protocol/manifest.ts';
import type { TaskResult } from '../../protocol/task-result.ts';
import { protocolVersion } from '../../protocol/version.ts';
import type { EngineError, UpsampleAnswer } from '../engines/engine.ts';

/** What a task has cost so far, and the last answer it got. */
export interface TaskEffort {
  attempts: number;
  /** When the engine was first asked; null before that. */
  startedAtMs: number | null;
  answer: UpsampleAnswer | null;
}

/** The result of a task whose last answer was good. */
export function okResult(task: ManifestTask, effort: TaskEffort, nowMs: number): TaskResult {
  return { ...commonPart(task, effort, nowMs), status: 'ok', text: effort.answer?.text ?? null, error: null };
}

/** The result of a task that was given up. Asking again later is pointless only where the request itself is bad. */
export function failedResult(
  task: ManifestTask,
  effort: TaskEffort,
  error: EngineError,
  spec: EngineSpec,
  nowMs: number,
): TaskResult {
  const common = commonPart(task, effort, nowMs);
  return {
    ...common,
    status: 'failed',
    text: null,
    model: common.model || spec.model,
    error: { code: error.code, message: error.message, is_retryable: error.class !== 'permanent' },
  };
}

function commonPart(task: ManifestTask, effort: TaskEffort, nowMs: number) {
  const { answer } = effort;
  return {
    version: protocolVersion,
    task_key: task.task_key,
    frames_used: answer?.framesUsed ?? 0,
    model: answer?.model ?? '',
    usage: { prompt_tokens: answer?.promptTokens ?? null, completion_tokens: answer?.outputTokens ?? null },
    finish_reason: answer?.finishReason ?? null,
    attempts: effort.attempts,
    duration_ms: Math.max(0, Math.round(nowMs - (effort.startedAtMs ?? nowMs))),
    finished_at: new Date(nowMs).toISOString(),
  } as const;
}
