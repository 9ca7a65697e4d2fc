import { fewestControlTokens } from '../../core/tokens/budget.ts';
import type { PlannedSpec, UpsamplePlan } from '../../core/upsample/upsample-plan.ts';
import { estimatorOf } from '../../core/upsample/upsample-settings.ts';
import { LazyList } from './json-chunks.ts';

/** What `--dry-run --json` and `plan --json` print; see `docs/formats/plan.md`. */
export function planDocument({ batches, specs, settings, leftOut, others }: UpsamplePlan) {
  return {
    version: 1,
    counting: {
      estimator: estimatorOf(settings),
      server: settings.server ?? null,
      control_tokens: settings.control_tokens ?? fewestControlTokens,
      is_template_known: settings.control_tokens !== undefined,
      output_reserved: settings.engine.max_output_tokens,
      limit: settings.max_tokens,
    },
    left_out: leftOut,
    would_replace: others,
    batches,
    specs: new LazyList(() => rowsOf(specs)),
  };
}

function* rowsOf(specs: readonly PlannedSpec[]) {
  for (const spec of specs) yield planRow(spec);
}

/** One entry of `specs`. */
export function planRow({ spec, video, action, hint, tokens, failure, batch_id }: PlannedSpec) {
  return {
    spec,
    video: video && { width: video.width, height: video.height, frames: video.frames },
    action,
    hint,
    tokens: tokens && {
      linear: tokens.linear,
      pixtral: tokens.pixtral,
      vision: tokens.vision,
      text: tokens.text,
      total: tokens.total,
    },
    code: failure?.code ?? null,
    message: failure?.message ?? null,
    batch_id,
  };
}
