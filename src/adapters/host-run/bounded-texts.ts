import { shortened } from '../../core/shortened.ts';
import type { TaskResult } from '../../protocol/task-result.ts';
import type { WorkerStatus } from '../../protocol/worker-status.ts';

/** Texts for people have a sentence or two, names of models less, in characters. */
const longestMessage = 2_000;
const longestName = 500;

/** A worker has a handful of lanes. */
const mostLanes = 256;

/** A result whose texts beside the answer are no longer than a person reads. */
export function withBoundedTexts(result: TaskResult): TaskResult {
  const { error, model, finish_reason: finishReason } = result;
  return {
    ...result,
    model: shortened(model, longestName),
    finish_reason: finishReason && shortened(finishReason, longestName),
    error: error && { ...error, message: shortened(error.message, longestMessage) },
  };
}

/** The same of a worker's status. */
export function statusWithBoundedTexts(status: WorkerStatus): WorkerStatus {
  const { message, lanes } = status;
  return {
    ...status,
    message: message && shortened(message, longestMessage),
    ...(lanes && { lanes: lanes.slice(0, mostLanes) }),
  };
}
