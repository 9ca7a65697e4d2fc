import { z } from 'zod';

/** Longest prompt that is read, in UTF-16 code units; far above any model's context. */
const maxPromptLength = 1_000_000;

const optionalText = z.string().nullish();

/**
 * A PromptSpec as it occurs in real folders: only `prompt` is needed, and keys that are not listed are kept.
 * `docs/formats/prompt-spec.schema.json` is generated from here.
 */
export const promptSpecSchema = z
  .looseObject({
    prompt: z
      .string()
      .max(maxPromptLength)
      .refine((prompt) => prompt.trim() !== '', 'is empty')
      .describe('What the user wrote; replaced by the enriched text when upsampled.'),
    id: optionalText.describe('`ps_` and 12 hex digits; older files have `ps:`.'),
    name: optionalText.describe('A name for people and file names.'),
    negative_prompt: optionalText,
    input_video_path: optionalText.describe('The video the prompt describes; empty or missing for none.'),
    control_inputs: z
      .record(z.string(), z.string().nullable())
      .nullish()
      .describe('Control videos by kind: vis, edge, seg, depth.'),
    timestamp: optionalText.describe('ISO 8601, UTC.'),
    is_upsampled: z.boolean().nullish(),
    parent_prompt_text: optionalText.describe('The prompt before it was enriched.'),
    metadata: z.record(z.string(), z.unknown()).nullish(),
  })
  .describe('PromptSpec: a short prompt with its control videos.');

export type PromptSpec = z.infer<typeof promptSpecSchema>;

/** Control videos in the order in which they replace a missing input video. */
export const controlKinds = ['vis', 'edge', 'seg', 'depth'] as const;

export interface NamedVideo {
  readonly kind: 'video' | (typeof controlKinds)[number];
  readonly path: string;
}

/** Videos of a spec, best first: the input video, or else the control videos by {@link controlKinds}. */
export function videosOf(spec: PromptSpec): NamedVideo[] {
  if (spec.input_video_path?.trim()) return [{ kind: 'video', path: spec.input_video_path }];
  const controls = spec.control_inputs ?? {};
  return controlKinds.flatMap((kind) => {
    const path = Object.hasOwn(controls, kind) ? controls[kind] : null;
    return path?.trim() ? [{ kind, path }] : [];
  });
}

/**
 * The prompt to enrich: what the user once wrote. A spec that is enriched already (and is done again with
 * `--force`) remembers it; enriching the enriched text again would only make it longer.
 */
export function sourcePromptOf(spec: PromptSpec): string {
  const parent = spec.parent_prompt_text;
  return spec.is_upsampled === true && parent?.trim() ? parent : spec.prompt;
}
