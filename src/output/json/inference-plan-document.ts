import type { InferenceCheckpoint } from '../../core/inference/inference-checkpoint.ts';
import type { InferencePlan } from '../../core/inference/inference-plan.ts';
import { planDocument } from './upsample-plan-document.ts';

/** What `cosmos run --dry-run --json` prints. */
export function inferencePlanDocument({ prompts, videos, videoBatches }: InferencePlan) {
  return {
    version: 1,
    prompts: planDocument(prompts),
    videos: videos.map(videoRow),
    video_batches: videoBatches,
  };
}

function videoRow({
  video,
  spec,
  run_spec,
  parameters,
  controls,
  ...planned
}: InferenceCheckpoint['videos'][number]) {
  return {
    ...{ video, spec, run_spec, parameters },
    control_weights: Object.fromEntries(controls.map(({ kind, weight }) => [kind, weight])),
    is_there_already: planned.existing_sha256 !== null,
    warnings: planned.warnings,
    code: planned.failure?.code ?? null,
    message: planned.failure?.message ?? null,
    batch_id: planned.batch_id,
  };
}
