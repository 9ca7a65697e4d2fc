import type { FrameTool } from '../../ports/frame-tool.ts';
import type { UpscalerSpec } from '../../protocol/segment.ts';
import { EngineError } from '../tasks/engine-error.ts';
import { LanczosEngine } from './lanczos-engine.ts';
import { OnnxEngine } from './onnx/onnx-engine.ts';
import type { UpscaleEngine } from './upscale-engine.ts';

/** What engines are built from. */
interface UpscaleEngineDeps {
  readonly frames: FrameTool;
  /** Where a model's file lies on this machine. */
  modelPathOf(sha256: string): string;
  /** The worker's own program, which starts lanes. */
  readonly program: string;
  log(line: string): void;
}

/** The engine that the spec names. @throws EngineError `model-unreadable` for a model's engine without a model. */
export function createUpscaleEngine(
  { kind, scale, model }: UpscalerSpec,
  { frames, modelPathOf, program, log }: UpscaleEngineDeps,
): UpscaleEngine {
  if (kind === 'lanczos') return new LanczosEngine(scale, frames);
  if (model === null) {
    const message = 'The engine onnx was asked for without a model.';
    throw new EngineError({ code: 'model-unreadable', class: 'fatal', message });
  }
  return new OnnxEngine({ scale }, { modelPath: modelPathOf(model), program, log });
}
