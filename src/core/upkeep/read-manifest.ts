import { z } from 'zod';
import { parseJsonAs } from '../json.ts';

/** As little of a manifest as tidying must understand, so that one of a newer version is mostly understood too. */
const tasksSchema = z.object({
  batches: z.array(z.object({ tasks: z.array(z.object({ task_key: z.string() })) })),
});

const hashPattern = /[0-9a-f]{64}/g;

/** What a manifest asks for. */
export interface ManifestDemand {
  /** Null when the text cannot be understood: then nobody can say whether its work is done. */
  readonly taskKeys: readonly string[] | null;
  /** Every hash in it: the hints, and task keys that are the name of no object. A damaged text still names some. */
  readonly hashes: readonly string[];
}

/** Reads a manifest's text without ever failing. */
export function readManifest(text: string): ManifestDemand {
  return { taskKeys: taskKeysOf(text), hashes: text.match(hashPattern) ?? [] };
}

function taskKeysOf(text: string): string[] | null {
  const manifest = parseJsonAs(tasksSchema, text);
  return manifest?.batches.flatMap(({ tasks }) => tasks.map((task) => task.task_key)) ?? null;
}
