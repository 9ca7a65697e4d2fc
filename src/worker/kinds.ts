import { createInferenceKind, type InferenceKindDeps } from './inference/kind.ts';
import { createRetouchKind, type RetouchKindDeps } from './retouch/kind.ts';
import type { WorkKinds } from './tasks/engine-session.ts';
import { createUpsampleKind, type UpsampleKindDeps } from './upsample/kind.ts';
import { createUpscaleKind, type UpscaleKindDeps } from './upscale/kind.ts';

/** The kinds of work that this worker does: the one place that knows them all. */
export function createKinds(
  deps: UpsampleKindDeps & UpscaleKindDeps & RetouchKindDeps & InferenceKindDeps,
): WorkKinds {
  return {
    upsample: createUpsampleKind(deps),
    upscale: createUpscaleKind(deps),
    retouch: createRetouchKind(deps),
    inference: createInferenceKind(deps),
  };
}
