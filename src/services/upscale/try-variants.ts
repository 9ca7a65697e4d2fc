import {
  framesToMeasure,
  type MeasuredPace,
  type PreviewVariant,
  paceBetween,
  scaledBox,
  wholeVideoMs,
} from '../../core/upscale/upscale-preview.ts';
import type { PlannedClip } from '../../core/video/video-checkpoint.ts';
import { AppError, messageOf } from '../../errors/app-error.ts';
import type { Ports } from '../../ports/ports.ts';
import type { VideoObserver } from '../../ports/run-observer.ts';
import type { CutRequest, UpscaleTrial } from '../../ports/upscale-trial.ts';
import type { Encoding } from '../../protocol/segment.ts';
import type { UpscaleRequest } from '../video/video-types.ts';
import { type ChosenMoment, type TimedVideo, taskOf } from './choose-moments.ts';

export interface VariantModel {
  readonly name: string;
  readonly path: string;
}

interface VariantsRequest extends TimedVideo {
  readonly moments: readonly ChosenMoment[];
  readonly models: readonly VariantModel[];
  readonly upscaling: UpscaleRequest['upscaling'];
  readonly encoding: Encoding;
  /** Lanczos gets frames as they are stored, and a model gets RGB. */
  readonly clips: Readonly<Record<'lanczos' | 'onnx', PlannedClip>>;
}

/** For each moment the pictures of its crops; none where that failed. */
type Pictures = readonly (readonly Uint8Array[])[];

export interface TriedVariant {
  /** Clockwise: how far a player turns the frames. */
  readonly turnDegrees: CutRequest['turnDegrees'];
  readonly source: Pictures;
  readonly variants: readonly PreviewVariant[];
  /** For each variant. */
  readonly larger: readonly Pictures[];
}

type Trial = { readonly pictures: Pictures; readonly scale: number; readonly pace: MeasuredPace };

/**
 * Makes the crops of every moment in each way, and measures how long each takes. A model that cannot be used has a reason
 * instead; the other ones are tried none the less.
 *
 * @throws AppError for what is wrong with the video.
 */
export async function tryVariants(
  request: VariantsRequest,
  ports: Pick<Ports, 'tryUpscaling' | 'modelLibrary' | 'models'>,
  observer: Pick<VideoObserver, 'onNotice'>,
  signal: AbortSignal,
): Promise<TriedVariant> {
  const { path: sourcePath, upscaling, clips, models, clip, facts } = request;
  const turnDegrees = clip.is_turned ? 0 : facts.video.rotationDegrees;
  const { batch_size, tile } = upscaling;
  const sizes = { scale: upscaling.scale, batch_size, tile };
  const all = 1 + models.length;
  const begin = (name: string, number: number) => observer.onNotice(`Trying ${name} (${number} of ${all})`);
  begin('Lanczos', 1);
  const lanczosRequest = { sourcePath, spec: { ...sizes, kind: 'lanczos' }, modelPath: null } as const;
  const { source, lanczos } = await ports.tryUpscaling(lanczosRequest, signal, async (trial) => ({
    source: await picturesBy(trial, { ...request, clip: asStored(clip) }, turnDegrees),
    lanczos: await tryOne(trial, { ...request, clip: clips.lanczos }, turnDegrees, null),
  }));
  const variants: PreviewVariant[] = [variantOf('Lanczos', null, lanczos, request)];
  const larger: Pictures[] = [lanczos.pictures];
  for (const [index, { name, path }] of models.entries()) {
    begin(name, index + 2);
    const asked = { sourcePath, spec: { ...sizes, kind: 'onnx' }, modelPath: path } as const;
    const tried = await (async () => {
      await ports.modelLibrary.provide(path, signal);
      await ports.models.assertOnnx(path);
      return await ports.tryUpscaling(asked, signal, (trial) =>
        tryOne(trial, { ...request, clip: clips.onnx }, turnDegrees, lanczos.pace),
      );
    })().catch((error: unknown) => {
      signal.throwIfAborted();
      if (error instanceof AppError && error.code === 'disk-full') throw error;
      return messageOf(error);
    });
    if (typeof tried === 'string') observer.onNotice(`${name} cannot be shown: ${tried}`);
    variants.push(variantOf(name, path, tried, request));
    larger.push(typeof tried === 'string' ? [] : tried.pictures);
  }
  return { turnDegrees, source, variants, larger };
}

function variantOf(
  name: string,
  path: string | null,
  tried: Trial | string,
  { timeline, clip }: VariantsRequest,
): PreviewVariant {
  const kind = { name, engine: path === null ? 'lanczos' : 'onnx', model: path } as const;
  if (typeof tried === 'string')
    return { ...kind, modelScale: null, pace: null, wholeMs: null, failure: tried };
  const wholeMs = wholeVideoMs(tried.pace, timeline.times.length, clip.target);
  return {
    ...kind,
    modelScale: path === null ? null : tried.scale,
    pace: tried.pace,
    wholeMs,
    failure: null,
  };
}

/** Frames as they come, at their own size and before any filter. */
function asStored({ filters: _filters, ...clip }: PlannedClip): PlannedClip {
  return { ...clip, target: clip.frame };
}

type Work = Omit<VariantsRequest, 'clips'>;

/** @param resampling - The pace of Lanczos, which has to encode as many frames; null for Lanczos itself. */
async function tryOne(
  trial: UpscaleTrial,
  work: Work,
  turnDegrees: CutRequest['turnDegrees'],
  resampling: MeasuredPace | null,
): Promise<Trial> {
  const oneMs: number[] = [];
  const pictures = await picturesBy(trial, work, turnDegrees, (ms) => oneMs.push(ms));
  // The first one waited until a model was loaded.
  const [, ...later] = oneMs;
  const once = [taskOf({ first: work.moments[0]?.frame ?? 0, frames: 1 }, work)];
  const quickestMs = later.length > 0 ? Math.min(...later) : await trial.time(once, work.encoding);
  const pace = await measure(trial, work, quickestMs, resampling);
  return { pictures, scale: trial.scale, pace };
}

async function picturesBy(
  trial: UpscaleTrial,
  work: Work,
  turnDegrees: CutRequest['turnDegrees'],
  onMade: (ms: number) => void = () => undefined,
): Promise<Pictures> {
  const { frame, target } = work.clip;
  const made: (readonly Uint8Array[])[] = [];
  for (const moment of work.moments) {
    const boxes = moment.crops.map((crop) => scaledBox(crop, frame, target));
    const sinceMs = performance.now();
    made.push(await trial.pictures(taskOf({ first: moment.frame, frames: 1 }, work), { boxes, turnDegrees }));
    onMade(performance.now() - sinceMs);
  }
  return made;
}

/** How long a frame takes: two segments side by side, as a worker makes them, of few frames and of more. */
async function measure(
  trial: UpscaleTrial,
  work: Work,
  oneMs: number,
  resampling: MeasuredPace | null,
): Promise<MeasuredPace> {
  const { times } = work.timeline;
  const frames = framesToMeasure(oneMs, times.length, resampling === null);
  if (frames === 0 && resampling !== null)
    return { frameMs: oneMs + resampling.frameMs, frames: work.moments.length, by: 'sum' };
  const each = Math.max(1, Math.floor(frames / 2));
  const timed = async (length: number) => {
    const starts = [1, 2].map((part) =>
      Math.min(Math.floor((part * times.length) / 3), times.length - length),
    );
    const tasks = starts.map((first) =>
      taskOf({ first: work.keyTimes === null ? 0 : first, frames: length }, work),
    );
    return { frames: 2 * length, ms: await trial.time(tasks, work.encoding) };
  };
  const few = await timed(1);
  const many = each > 1 ? await timed(each) : few;
  return { frameMs: paceBetween(few, many), frames: many.frames, by: 'pipeline' };
}
