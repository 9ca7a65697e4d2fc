import { AppError } from '../errors/app-error.ts';
import type { ModelUse, TriedModel } from '../ports/model-files.ts';
import { OnnxCropEngine } from './retouch/onnx/onnx-crop-engine.ts';
import { EngineError } from './tasks/engine-error.ts';
import { OnnxEngine } from './upscale/onnx/onnx-engine.ts';
import { LaneError } from './upscale/upscale-engine.ts';

/**
 * Starts the engine of a model as a worker does, in a process of its own, and ends it.
 *
 * @param program - The worker's program.
 * @throws AppError `model-unreadable`, `prerequisite-missing`; the signal's reason.
 */
export async function tryOutModel(
  modelPath: string,
  use: ModelUse,
  program: string,
  signal: AbortSignal = new AbortController().signal,
): Promise<TriedModel | null> {
  const options = { modelPath, program, log: () => undefined };
  const engine =
    use.kind === 'upscale'
      ? new OnnxEngine(options)
      : new OnnxCropEngine({ margin_px: 0, model_mask: use.modelMask, model_range: use.modelRange }, options);
  try {
    await engine.start(signal);
    return { scale: engine instanceof OnnxEngine ? engine.scale : null };
  } catch (error) {
    signal.throwIfAborted();
    const refusal = refusalOf(error, modelPath);
    if (refusal) throw refusal;
    return null;
  } finally {
    await engine.stop();
  }
}

/** What a model is refused with; null where it is the machine that could not: with other sizes, or another time, it may. */
export function refusalOf(error: unknown, modelPath: string): unknown {
  if (error instanceof LaneError) return null;
  if (!(error instanceof EngineError)) return error;
  const { code, message, cause } = error;
  if (code === 'model-unreadable') {
    const nextStep = 'Which models can be used, and how to get one: cosmos help engines (onnx).';
    return new AppError({ code, message: `${modelPath}: ${message}`, nextStep, cause });
  }
  if (code !== 'runtime-missing') return null;
  return new AppError({
    code: 'prerequisite-missing',
    message,
    nextStep: 'Or choose an engine that needs no model: --engine lanczos.',
    cause,
  });
}
