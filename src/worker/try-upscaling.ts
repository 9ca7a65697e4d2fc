import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AppError } from '../errors/app-error.ts';
import type { FrameTool } from '../ports/frame-tool.ts';
import type { CutPictures, TrialRequest, UpscaleTrial } from '../ports/upscale-trial.ts';
import type { Encoding, SegmentTask, UpscalerSpec } from '../protocol/segment.ts';
import { FrameMemory } from './segments/frame-memory.ts';
import { isOnlyResampled, resample } from './segments/resampled-segment.ts';
import { SegmentRun } from './segments/segment-run.ts';
import { EngineError } from './tasks/engine-error.ts';
import { refusalOf } from './try-out-model.ts';
import { ClipPools } from './upscale/clip-pools.ts';
import { createUpscaleEngine } from './upscale/kind.ts';
import { LaneError } from './upscale/upscale-engine.ts';

interface TrialDeps {
  readonly frames: FrameTool;
  readonly cutPictures: CutPictures;
  /** The worker's own program. */
  readonly program: string;
}

/** Keeps every sample as the encoder is given it. */
const lossless: Encoding = { crf: null, preset: 'medium', threads: 1, codec: 'ffv1', encoder: 'ffv1' };
/** Raw frames that wait. */
const memoryBytes = 256 * 1024 * 1024;
const modelName = 'model';

/**
 * Opens an engine for as long as `use` takes, with the code that makes segments in a worker. There is one engine process, which
 * has all cores: more of them are the affair of a run.
 *
 * @throws As {@link TryUpscaling}.
 */
export async function tryUpscaling<T>(
  request: TrialRequest,
  deps: TrialDeps,
  signal: AbortSignal,
  use: (trial: UpscaleTrial) => Promise<T>,
): Promise<T> {
  const { spec: asked, modelPath, sourcePath } = request;
  const spec: UpscalerSpec = {
    ...{ ...asked, lanes: 1, is_lane_count_open: false, encoding: lossless },
    model: modelPath === null ? null : modelName,
  };
  const log = () => undefined;
  const objectPathOf = (name: string) => (name === modelName && modelPath !== null ? modelPath : sourcePath);
  const engine = createUpscaleEngine(spec, { ...deps, objectPathOf, log });
  const folder = await mkdtemp(join(tmpdir(), 'cosmos-trial-'));
  try {
    await engine.start(signal);
    const pools = new ClipPools({ spec, engine, log });
    const maker = new TrialMaker({ ...deps, pools, sourcePath, folder, batchSize: spec.batch_size, signal });
    try {
      return await use({
        scale: engine.scale,
        pictures: (task, cuts) => maker.pictures(task, cuts),
        time: (tasks, encoding) => maker.time(tasks, encoding),
      });
    } finally {
      await pools.close();
    }
  } catch (error) {
    signal.throwIfAborted();
    throw failureOf(error, modelPath);
  } finally {
    await engine.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Workers have errors of their own. */
function failureOf(error: unknown, modelPath: string | null): unknown {
  const refusal = modelPath === null ? null : refusalOf(error, modelPath);
  if (refusal !== null && !(refusal instanceof EngineError)) return refusal;
  if (error instanceof EngineError && error.cause instanceof AppError) return error.cause;
  if (!(error instanceof EngineError || error instanceof LaneError)) return error;
  return new AppError({
    code: 'frames-failed',
    message: error.message,
    nextStep: 'Try smaller tiles (--tile 128), or another model: cosmos models',
    cause: error,
  });
}

interface MakerOptions extends TrialDeps {
  readonly pools: ClipPools;
  readonly sourcePath: string;
  readonly folder: string;
  readonly batchSize: number;
  readonly signal: AbortSignal;
}

class TrialMaker {
  readonly #options: MakerOptions;
  #made = 0;

  constructor(options: MakerOptions) {
    this.#options = options;
  }

  async pictures(task: SegmentTask, cuts: Parameters<UpscaleTrial['pictures']>[1]) {
    const { cutPictures, signal } = this.#options;
    const path = await this.#make(task, lossless);
    try {
      return await cutPictures(path, { ...cuts, clip: task.clip }, signal);
    } finally {
      await rm(path, { force: true });
    }
  }

  async time(tasks: readonly SegmentTask[], encoding: Encoding): Promise<number> {
    const sinceMs = performance.now();
    const paths = await Promise.all(tasks.map((task) => this.#make(task, encoding)));
    const ms = performance.now() - sinceMs;
    for (const path of paths) await rm(path, { force: true });
    return ms;
  }

  async #make(task: SegmentTask, encoding: Encoding): Promise<string> {
    const { frames, pools, sourcePath, folder, batchSize, signal } = this.#options;
    const order = this.#made++;
    const targetPath = join(folder, `${order}.mov`);
    const ignore = () => undefined;
    await pools.using(task.clip, signal, async (stage) => {
      const deps = {
        ...{ frames, stage, sourcePath, targetPath, encoding, batchSize, order },
        memory: new FrameMemory(memoryBytes, 1),
        ...{ onProgress: ignore, onBatchDone: ignore },
      };
      if (isOnlyResampled(task, stage)) await resample(task, deps, signal);
      else await new SegmentRun(task, deps).run(signal);
    });
    return targetPath;
  }
}
