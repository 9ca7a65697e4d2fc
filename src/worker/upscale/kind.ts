import type { Clock } from '../../ports/clock.ts';
import type { FrameTool, PictureTool } from '../../ports/frame-tool.ts';
import type { UpscalerSpec } from '../../protocol/segment.ts';
import { SegmentSession } from '../segments/segment-session.ts';
import { EngineError } from '../tasks/engine-error.ts';
import type { WorkKind } from '../tasks/engine-session.ts';
import { upscaleBatchRoute } from './batch-endpoint/upscale-batch-route.ts';
import { LanczosEngine } from './lanczos-engine.ts';
import { OnnxEngine } from './onnx/onnx-engine.ts';
import { SegmentUpscaler } from './segment-upscaler.ts';
import type { UpscaleEngine } from './upscale-engine.ts';

export interface UpscaleKindDeps {
  readonly frames: FrameTool;
  readonly pictures: PictureTool;
  readonly clock: Clock;
  readonly random01: () => number;
  readonly runFolder: string;
  /** The worker's own program, which starts lanes. */
  readonly program: string;
  objectPathOf(sha256: string): string;
  log(line: string): void;
}

/** Segments of a video to upscale; the same engine upscales single pictures. */
export function createUpscaleKind(deps: UpscaleKindDeps): WorkKind {
  let current: { readonly session: SegmentSession; readonly upscaler: SegmentUpscaler } | null = null;
  const open = (spec: UpscalerSpec) => {
    const upscaler = new SegmentUpscaler(spec, createUpscaleEngine(spec, deps), deps);
    current = { upscaler, session: new SegmentSession(spec.model ?? spec.kind, upscaler, deps) };
    return current.session;
  };
  // Single pictures are upscaled with it, too, as long as it can be given more work.
  const loadedModel = () =>
    current === null || current.session.stopSignal.aborted ? null : current.upscaler.model;
  return {
    open,
    routes: new Map([['/upscale_batch', { POST: upscaleBatchRoute({ ...deps, loadedModel }) }]]),
  };
}

/** The engine that the spec names. @throws EngineError `model-unreadable` for a model's engine without a model. */
export function createUpscaleEngine(
  { kind, scale, model }: UpscalerSpec,
  {
    frames,
    objectPathOf,
    program,
    log,
  }: Pick<UpscaleKindDeps, 'frames' | 'objectPathOf' | 'program' | 'log'>,
): UpscaleEngine {
  if (kind === 'lanczos') return new LanczosEngine(scale, frames);
  if (model === null) {
    const message = 'The engine onnx was asked for without a model.';
    throw new EngineError({ code: 'model-unreadable', class: 'fatal', message });
  }
  return new OnnxEngine({ modelPath: objectPathOf(model), program, log });
}
