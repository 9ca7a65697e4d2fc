import type { RetoucherSpec } from '../../protocol/retouch.ts';
import { SegmentMaker, type SegmentMakerDeps } from '../segments/segment-maker.ts';
import { SegmentSession } from '../segments/segment-session.ts';
import { EngineError } from '../tasks/engine-error.ts';
import type { WorkKind } from '../tasks/engine-session.ts';
import { CommandEngine } from './command-engine.ts';
import type { CropEngine } from './crop-engine.ts';
import { fillEngine } from './fill/fill-engine.ts';
import { OnnxCropEngine } from './onnx/onnx-crop-engine.ts';
import { plainEngine } from './plain-engines.ts';
import { RetouchStages } from './retouch-stages.ts';

export interface RetouchKindDeps extends SegmentMakerDeps {
  readonly random01: () => number;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The worker's own program, which has the models of crops in processes of their own. */
  readonly program: string;
}

/** Segments of a video in which regions are processed. */
export function createRetouchKind(deps: RetouchKindDeps): WorkKind {
  return {
    open: (spec: RetoucherSpec) => {
      const maker = new SegmentMaker(
        spec,
        new RetouchStages(spec, createCropEngine(spec, deps), deps.objectPathOf),
        deps,
      );
      return new SegmentSession(spec.model ?? spec.kind, maker, deps);
    },
  };
}

/** The engine that the spec names. @throws EngineError where the spec lacks what the engine is. */
function createCropEngine(
  spec: RetoucherSpec,
  { objectPathOf, program, environment, log }: RetouchKindDeps,
): CropEngine {
  if (spec.kind === 'command') {
    if (spec.command.length > 0) return new CommandEngine(spec, { environment, log });
    const message = 'The engine command was asked for without a program.';
    throw new EngineError({ code: 'engine-failed', class: 'fatal', message });
  }
  if (spec.kind === 'fill') return fillEngine(spec.context_frames);
  if (spec.kind !== 'onnx') return plainEngine(spec.kind, spec);
  if (spec.model !== null)
    return new OnnxCropEngine(spec, { modelPath: objectPathOf(spec.model), program, log });
  const message = 'The engine onnx was asked for without a model.';
  throw new EngineError({ code: 'model-unreadable', class: 'fatal', message });
}
