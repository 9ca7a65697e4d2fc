import type { Clock } from '../../ports/clock.ts';
import type { FrameTool, PictureTool } from '../../ports/frame-tool.ts';
import type { UpscalerSpec } from '../../protocol/segment.ts';
import type { WorkKind } from '../tasks/work-kind.ts';
import { upscaleBatchRoute } from './batch-endpoint/upscale-batch-route.ts';
import { createUpscaleEngine } from './create-upscale-engine.ts';
import { createUpscaler } from './segment-upscaler.ts';
import { UpscaleEngineSession } from './upscale-session.ts';

/** What upscaling needs of the worker. */
export interface UpscaleKindDeps {
  readonly frames: FrameTool;
  readonly pictures: PictureTool;
  readonly clock: Clock;
  readonly random01: () => number;
  readonly runFolder: string;
  /** The worker's own program, which starts lanes. */
  readonly program: string;
  /** Where an object lies on this machine. */
  objectPathOf(sha256: string): string;
  log(line: string): void;
}

/** Segments of a video to upscale; the same engine upscales single pictures. */
export function createUpscaleKind(deps: UpscaleKindDeps): WorkKind {
  let session: UpscaleEngineSession | null = null;
  const open = (spec: UpscalerSpec) => {
    const upscaler = createUpscaler(spec, {
      ...deps,
      sourcePathOf: deps.objectPathOf,
      createEngine: (wanted) => createUpscaleEngine(wanted, { ...deps, modelPathOf: deps.objectPathOf }),
    });
    session = new UpscaleEngineSession(spec, upscaler, deps);
    return session;
  };
  const loadedModel = () => session?.model ?? null;
  return {
    open,
    routes: new Map([['/upscale_batch', { POST: upscaleBatchRoute({ ...deps, loadedModel }) }]]),
  };
}
