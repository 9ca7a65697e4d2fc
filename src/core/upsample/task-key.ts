import { hash } from 'node:crypto';

/** Everything the answer to a prompt depends on. */
export interface TaskIdentity {
  readonly prompt: string;
  /** Hex SHA-256 of the hint's file; null for a text-only task. */
  readonly hintSha256: string | null;
  /** Which of the spec's videos the hint shows: an engine may read an edge map differently from footage. */
  readonly videoKind: string | null;
  readonly engine: string;
  readonly model: string;
  readonly instruction: string;
  readonly temperature: number;
  readonly maxOutputTokens: number;
  /** What else the request has, by name. Only what is set stands here: keys of before have none of it. */
  readonly extras?: Readonly<Record<string, unknown>>;
}

/** Raised when engines or instructions change so much that old answers should not be reused. */
const taskKeyVersion = 1;

/** Identity of a task: hex SHA-256 over content, hint, model and sampling. Equal keys may share one answer. */
export function taskKeyOf(task: TaskIdentity): string {
  const parts = [
    taskKeyVersion,
    task.engine,
    task.model,
    task.instruction,
    task.temperature,
    task.maxOutputTokens,
    task.hintSha256,
    task.videoKind,
    task.prompt,
    ...(Object.keys(task.extras ?? {}).length > 0 ? [inOrder(task.extras)] : []),
  ];
  return hash('sha256', JSON.stringify(parts), 'hex');
}

/** The same value with the keys of its tables in one order, whatever order they were written in. */
function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, inOrder(inner)]));
}
