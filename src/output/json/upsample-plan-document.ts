import type { UpsamplePlan } from '../../core/upsample/upsample-plan.ts';

/** What `--dry-run --json` and `plan --json` print; see `docs/formats/plan.md`. */
export function planDocument(plan: UpsamplePlan) {
  return {
    version: 1,
    batches: plan.batches,
    specs: plan.specs.map(({ spec, video, action, hint, tokens, failure, batch_id }) => ({
      spec,
      video: video && { width: video.width, height: video.height, frames: video.frames },
      action,
      hint,
      tokens: tokens && {
        linear: tokens.linear,
        pixtral: tokens.pixtral,
        text: tokens.text,
        total: tokens.total,
      },
      code: failure?.code ?? null,
      message: failure?.message ?? null,
      batch_id,
    })),
  };
}
