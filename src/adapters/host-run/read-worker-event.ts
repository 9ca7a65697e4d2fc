import { isUtf8 } from 'node:buffer';
import { z } from 'zod';
import { parseForeignJson } from '../../core/json.ts';
import { taskKeySchema } from '../../protocol/identifiers.ts';
import { failedResult } from '../../protocol/task-result.ts';
import { protocolVersion } from '../../protocol/version.ts';
import { type WorkerEvent, workerEventSchema } from '../../protocol/worker-event.ts';

/** As much of a result as says whose it is. */
const claimedSchema = z.object({
  type: z.literal('task-finished'),
  result: z.object({ version: z.literal(protocolVersion), task_key: taskKeySchema }),
});

/**
 * One line of a worker's event stream; null for what this version does not know. A result that no worker of this version
 * makes is a failed one, because nothing else would ever come for its task.
 */
export function readWorkerEvent(line: Uint8Array): WorkerEvent | null {
  const isText = isUtf8(line);
  const value = parseForeignJson(isText ? line : new TextDecoder().decode(line));
  const event = isText ? workerEventSchema.safeParse(value).data : undefined;
  if (event) return event;
  const claimed = claimedSchema.safeParse(value).data;
  if (!claimed) return null;
  const { task_key: key } = claimed.result;
  return { type: 'task-finished', result: impossibleResult(key, isText) };
}

/** What stands for a result that cannot be read. @param isText - It is UTF-8, but says what no result says. */
export function impossibleResult(taskKey: string, isText: boolean) {
  const message = isText ? 'The result has facts that no result has.' : 'The result is not valid UTF-8.';
  return failedResult(taskKey, message, 0, 'result-implausible');
}
