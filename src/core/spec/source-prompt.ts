import type { PromptSpec } from './prompt-spec.ts';

/**
 * The prompt to enrich: what the user once wrote. A spec that is enriched already (and is done again with
 * `--force`) remembers it; enriching the enriched text again would only make it longer.
 */
export function sourcePromptOf(spec: PromptSpec): string {
  const parent = spec.parent_prompt_text;
  return spec.is_upsampled === true && parent?.trim() ? parent : spec.prompt;
}
