import type { RecentMap } from '../../async/recent-map.ts';
import { lowerHintSizes } from '../../core/hints/choose-hint.ts';
import { formatSize } from '../../core/hints/display-size.ts';
import type { VideoInfo } from '../../core/hints/video-info.ts';
import { cosmos3FactsOf } from '../../core/inference/cosmos3-prompt.ts';
import { ownInferenceOf } from '../../core/inference/parameters.ts';
import { type SpecFailure, specFailure } from '../../core/run/failure.ts';
import { type PromptSpec, sourcePromptOf } from '../../core/spec/prompt-spec.ts';
import { requestShapeSchema } from '../../core/upsample/request-shape.ts';
import { taskKeyOf } from '../../core/upsample/task-key.ts';
import { type PlannedSpec, type PlannedVideo, variantStart } from '../../core/upsample/upsample-plan.ts';
import type { UpsampleSettings } from '../../core/upsample/upsample-settings.ts';
import type { SpecState } from '../../core/upsample/upsample-state.ts';
import { AppError, messageOf } from '../../errors/app-error.ts';
import { isSystemError } from '../../errors/system-error.ts';
import type { HintFile, HintRequest } from '../../ports/media-tool.ts';
import type { Ports } from '../../ports/ports.ts';
import { findSource } from './find-source.ts';
import { countingOf } from './plan-spec.ts';
import type { RunBasis, TaskHint, UpsampleSession, UpsampleTask, VideoKnown } from './upsample-types.ts';

/** A task, or what is wrong with its spec or with its files. */
type Preparation =
  | { readonly isReady: true; readonly task: UpsampleTask }
  | { readonly isReady: false; readonly planned: PlannedSpec; readonly failure: SpecFailure };

interface PrepareContext {
  readonly session: RunBasis & Pick<UpsampleSession, 'kept' | 'keep'>;
  readonly ports: Pick<Ports, 'specs' | 'media'>;
  readonly signal: AbortSignal;
  /** Hints of this session: specs that share a video share its hint. */
  readonly hints: RecentMap<string, Promise<TaskHint>>;
  /** Whether the host has a good result of a task that an earlier session submitted. */
  isAnswered(taskKey: string): Promise<boolean>;
}

/**
 * Reads a spec once more and makes its hint, or finds the one that this run made before. What is wrong with this
 * spec, or with its files, becomes its failure.
 *
 * @throws AppError for what would stop every other spec too, such as `disk-full`; the signal's reason.
 */
export async function prepareTask(
  state: Pick<SpecState, 'planned' | 'prepared'>,
  context: PrepareContext,
): Promise<Preparation> {
  const { planned } = state;
  const { settings } = context.session.checkpoint;
  const found = await findSource(planned, context.session, context.ports.specs);
  if (!found.isFound) return { isReady: false, planned, failure: found.failure };
  const { path, text, isWrittenBack, spec } = found.source;
  const prompt = sourcePromptOf(spec);
  const source = { path, text, isWrittenBack };
  try {
    const hint = (await keptHint(state, context.session)) ?? (await hintOf(planned, settings, context));
    const known = knownOf(planned, spec, settings);
    const seed = planned.variant && variantStart(planned.variant, settings.engine.seed);
    const key = keyOf({ planned, prompt, hint, seed, known }, settings);
    const asked = await askedFor(state, key, context);
    return {
      isReady: true,
      task: { planned, prompt, hint, source, seed, known, ...asked, batchId: planned.batch_id ?? 0 },
    };
  } catch (error) {
    if (context.signal.aborted) throw error;
    return { isReady: false, planned, failure: failureOf(error, planned) };
  }
}

/** What an earlier session asked for otherwise, and is answered by now, is not asked for again. */
async function askedFor(
  { prepared }: Pick<SpecState, 'prepared'>,
  taskKey: string,
  { session, isAnswered }: PrepareContext,
): Promise<Pick<UpsampleTask, 'taskKey' | 'maxOutputTokens'>> {
  const { max_output_tokens: maxOutputTokens } = session.checkpoint.settings.engine;
  const isOther = prepared !== null && prepared.task_key !== taskKey;
  if (!isOther || !(await isAnswered(prepared.task_key))) return { taskKey, maxOutputTokens };
  const { task_key: earlier, max_output_tokens: allowed = maxOutputTokens } = prepared;
  return { taskKey: earlier, maxOutputTokens: allowed };
}

/** The hint that an earlier session of this run made, if it still lies there as it was. */
async function keptHint(
  state: Pick<SpecState, 'prepared'>,
  session: Pick<UpsampleSession, 'kept'>,
): Promise<TaskHint | null> {
  const made = state.prepared?.hint;
  if (!made) return null;
  const kept = await session.kept(hintName(made.sha256), made.sha256);
  return kept && { ...made, ...kept };
}

/** Made, and kept in the run's folder, once for all specs that plan the same one. */
async function hintOf(
  planned: PlannedSpec,
  settings: UpsampleSettings,
  context: PrepareContext,
): Promise<TaskHint | null> {
  const { video, hint, action } = planned;
  if (video === null || hint === null) return null;
  const key = JSON.stringify([video, hint, action]);
  try {
    return await context.hints.getOr(key, () => makeHint(planned, video, hint, settings, context));
  } catch (error) {
    context.hints.forget(key);
    throw error;
  }
}

async function makeHint(
  planned: PlannedSpec,
  video: PlannedVideo,
  hint: NonNullable<PlannedSpec['hint']>,
  settings: UpsampleSettings,
  context: PrepareContext,
): Promise<TaskHint> {
  const lower =
    planned.action === 'hint' ? lowerHintSizes(infoOf(video), hint, countingOf(settings).frameLimits) : [];
  const reasons: string[] = [];
  for (const size of [hint, ...lower]) {
    try {
      const request = { ...requestOf(video, hint, settings), size };
      const made = await context.ports.media.makeHint(request, context.signal);
      return await keep(made, planned, context.session);
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'hint-failed') throw error;
      reasons.push(`${formatSize(size)}: ${messageOf(error)}`);
    }
  }
  throw new AppError({ code: 'hint-failed', message: reasons.join(' ') });
}

/** The hint that a plan wants first; null for a spec without a video. */
export function hintRequestOf({ video, hint }: PlannedSpec, settings: UpsampleSettings): HintRequest | null {
  return video && hint && requestOf(video, hint, settings);
}

function requestOf(
  video: PlannedVideo,
  hint: NonNullable<PlannedSpec['hint']>,
  { fps }: UpsampleSettings,
): HintRequest {
  return { sourcePath: video.path, video: infoOf(video), size: hint, frames: hint.frames, fps };
}

async function keep(
  made: HintFile,
  planned: PlannedSpec,
  session: Pick<UpsampleSession, 'keep'>,
): Promise<TaskHint> {
  return {
    sha256: made.sha256,
    path: await session.keep(hintName(made.sha256), made.path, made.sha256),
    sizeBytes: made.sizeBytes,
    width: made.width,
    height: made.height,
    frames: made.frames,
    generated: planned.action === 'hint',
  };
}

/** Name, in the run folder, of the hint with this content. */
export function hintName(sha256: string): string {
  return `hints/${sha256}.mp4`;
}

function keyOf(
  {
    planned,
    prompt,
    hint,
    seed,
    known,
  }: Pick<UpsampleTask, 'planned' | 'prompt' | 'hint' | 'seed' | 'known'>,
  { engine }: UpsampleSettings,
): string {
  const extras = {
    ...requestShapeSchema.parse(engine),
    ...(seed === undefined ? {} : { seed }),
    ...(known === null ? {} : { duration_seconds: known.durationSeconds }),
  };
  return taskKeyOf({
    extras,
    prompt,
    hintSha256: hint?.sha256 ?? null,
    videoKind: planned.video?.kind ?? null,
    engine: engine.kind,
    model: engine.model,
    instruction: engine.instruction,
    temperature: engine.temperature,
    maxOutputTokens: engine.max_output_tokens,
  });
}

/** What a prompt says of the video by itself; null for prompts of words, which leave it to the model. */
export function knownOf(
  { video }: PlannedSpec,
  spec: PromptSpec,
  { engine, video_fps: usualFps }: UpsampleSettings,
): VideoKnown | null {
  if (engine.prompt_format === undefined || usualFps === undefined) return null;
  const own = ownInferenceOf(spec);
  return cosmos3FactsOf(video, own.data?.parameters?.fps ?? usualFps);
}

function infoOf(video: PlannedVideo): VideoInfo {
  const { width, height, frames, duration_seconds: durationSeconds, frame_rate: frameRate } = video;
  const info: VideoInfo = {
    ...{ width, height, frames, durationSeconds, frameRate },
    ...(video.place !== undefined && { place: video.place }),
    ...(video.hdr && { hdr: video.hdr }),
    ...(video.assumed_matrix && { assumedMatrix: video.assumed_matrix }),
  };
  if (!video.exact_size) return info;
  const { per_pixel: perPixel, ...sides } = video.exact_size;
  return { ...info, exact: { ...sides, perPixel } };
}

/** @throws whatever is not the fault of this spec. */
function failureOf(error: unknown, planned: PlannedSpec): SpecFailure {
  if (isSystemError(error)) {
    return specFailure('hint-failed', `The hint of ${planned.spec} cannot be kept: ${messageOf(error)}.`);
  }
  if (!(error instanceof AppError)) throw error;
  if (error.code !== 'hint-failed' && error.code !== 'video-unreadable') throw error;
  return specFailure(error.code, error.message);
}
