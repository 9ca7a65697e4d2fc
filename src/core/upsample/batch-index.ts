import { z } from 'zod';
import { preparedHintSchema } from './upsample-event.ts';
import { plannedSpecSchema } from './upsample-plan.ts';
import { upsampleSettingsSchema } from './upsample-settings.ts';

/** What one file of OpenAI's Batch API may have. */
export const batchFileLimits = { maxRequests: 50_000, maxBytes: 200_000_000 } as const;

export interface BatchFileLimits {
  readonly maxRequests: number;
  readonly maxBytes: number;
}

/** The first line of a batch file's index: what the requests were made with. */
export const batchIndexHeaderSchema = z.object({
  version: z.literal(1),
  kind: z.literal('openai-batch'),
  run_id: z.string(),
  tool_version: z.string(),
  created_at: z.iso.datetime(),
  input_root: z.string(),
  settings: upsampleSettingsSchema,
});

/** Each other line: a spec, and the request whose answer is for it. Specs that ask for the same share one. */
export const batchIndexEntrySchema = z.object({
  custom_id: z.string(),
  planned: plannedSpecSchema,
  hint: preparedHintSchema.nullable(),
  max_output_tokens: z.int().min(1),
  seed: z.int().min(0).optional(),
});

export type BatchIndexHeader = z.infer<typeof batchIndexHeaderSchema>;
export type BatchIndexEntry = z.infer<typeof batchIndexEntrySchema>;

/** A line of what a Batch API gives back. vLLM's `run-batch` writes the same. */
export const batchAnswerSchema = z.object({
  custom_id: z.string(),
  response: z.object({ status_code: z.int(), body: z.unknown() }).nullish(),
  error: z.unknown().optional(),
});

/** `requests_01.jsonl`, and its index beside it. @param number - From 1. */
export function batchFileNames(number: number): { readonly requests: string; readonly index: string } {
  const name = `requests_${String(number).padStart(2, '0')}`;
  return { requests: `${name}.jsonl`, index: `${name}.index.jsonl` };
}

/** One line of a batch file. @param body - The request's body, as JSON. */
export function batchRequestLine(customId: string, body: string): string {
  return `{"custom_id":${JSON.stringify(customId)},"method":"POST","url":"/v1/chat/completions","body":${body}}\n`;
}
