import { createHash } from 'node:crypto';
import { chooseHint, type HintRules } from '../core/hints/choose-hint.ts';
import { parseSize } from '../core/hints/size.ts';
import type { VideoInfo } from '../core/hints/video-info.ts';
import { type FailureCode, specFailure } from '../core/run/failure.ts';
import { requestText } from '../core/run/instruction.ts';
import type { PlannedSpec, PlannedVideo } from '../core/run/plan.ts';
import type { RunSettings } from '../core/run/run-settings.ts';
import { type ParsedSpec, parseSpec } from '../core/spec/parse-spec.ts';
import { type PromptSpec, videoPathsOf } from '../core/spec/prompt-spec.ts';
import { sourcePromptOf } from '../core/spec/source-prompt.ts';
import { budgetOf, type TokenBudget } from '../core/tokens/budget.ts';
import { estimatorNamed } from '../core/tokens/estimator.ts';
import { AppError, messageOf } from '../errors/app-error.ts';
import type { Ports } from '../ports/ports.ts';
import type { SpecCandidate, VideoFile } from '../ports/spec-store.ts';

/** A larger file is no PromptSpec, and is not read into memory to find that out twice. */
const maxSpecBytes = 16 * 1024 * 1024;

/** What planning one spec needs besides its file. */
export interface PlanContext {
  readonly inputRoot: string;
  readonly settings: RunSettings;
  readonly ports: Pick<Ports, 'specs' | 'media'>;
  readonly countTextTokens: (text: string) => number;
  readonly signal: AbortSignal;
}

/** Decides what is to be done with one candidate. What is wrong with it is told in the plan, not thrown. */
export async function planSpec(candidate: SpecCandidate, context: PlanContext): Promise<PlannedSpec> {
  const draft = newDraft(candidate);
  let bytes: Uint8Array | null;
  try {
    bytes = await context.ports.specs.read(candidate.path);
  } catch (error) {
    return failed(draft, 'spec-invalid', `${candidate.spec}: cannot be read: ${messageOf(error)}.`);
  }
  if (bytes === null) return failed(draft, 'spec-invalid', `${candidate.spec}: the file is gone.`);
  if (bytes.length > maxSpecBytes)
    return failed(draft, 'spec-invalid', `${candidate.spec}: too large for a PromptSpec.`);
  const parsed = parseSpec(Buffer.from(bytes).toString('utf8'));
  const known = { ...draft, sha256: createHash('sha256').update(bytes).digest('hex') };
  if (!parsed.isValid) return failed(known, 'spec-invalid', invalidMessage(candidate.spec, parsed));
  const named = { ...known, name: parsed.spec.name?.trim() || known.name };
  if (parsed.spec.is_upsampled === true && !context.settings.force) return { ...named, action: 'skip' };
  return await planValid(named, candidate, parsed.spec, context);
}

async function planValid(
  draft: PlannedSpec,
  candidate: SpecCandidate,
  spec: PromptSpec,
  context: PlanContext,
): Promise<PlannedSpec> {
  const { settings } = context;
  const textTokens = context.countTextTokens(requestText(settings.engine.instruction, sourcePromptOf(spec)));
  const written = videoPathsOf(spec);
  const file = await firstVideo(written, candidate, context);
  if (file === null) return planWithoutVideo(draft, spec, written, textTokens, context);
  let info: VideoInfo;
  try {
    info = await context.ports.media.probe(file.path, context.signal);
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'video-unreadable') throw error;
    return failed(draft, 'video-unreadable', error.message);
  }
  const choice = chooseHint(info, textTokens, hintRulesOf(settings));
  const video = plannedVideo(file, info);
  if (choice.action === 'fail') {
    const tokens = tokensOf(
      settings,
      budgetAt(settings, info, textTokens),
      info,
      Math.min(settings.frames, info.frames),
    );
    return { ...failed({ ...draft, tokens }, choice.code, choice.message), video };
  }
  const hint = { ...choice.size, frames: choice.frames };
  const tokens = tokensOf(settings, choice.budget, choice.size, choice.frames);
  return { ...draft, action: choice.action, video, hint, tokens };
}

function planWithoutVideo(
  draft: PlannedSpec,
  spec: PromptSpec,
  written: readonly string[],
  textTokens: number,
  { settings }: PlanContext,
): PlannedSpec {
  if (spec.input_video_path?.trim()) {
    return failed(draft, 'video-unreadable', `There is no video ${JSON.stringify(spec.input_video_path)}.`);
  }
  const tried = written.length > 0 ? `, and none of its control videos exists (${written.join(', ')})` : '';
  if (!settings.allow_text_only) return failed(draft, 'no-video', `The spec names no input video${tried}.`);
  const budget = budgetAt(settings, null, textTokens);
  const tokens = tokensOf(settings, budget, null, 0);
  if (budget.fits) return { ...draft, action: 'as-is', tokens };
  const message = `The prompt has about ${textTokens} tokens; with the answer it exceeds the limit of ${budget.limit}.`;
  return failed({ ...draft, tokens }, 'prompt-too-long', message);
}

async function firstVideo(
  written: readonly string[],
  candidate: SpecCandidate,
  { ports, inputRoot }: PlanContext,
): Promise<VideoFile | null> {
  for (const path of written) {
    const file = await ports.specs.findVideo(path, candidate.path, inputRoot);
    if (file) return file;
  }
  return null;
}

/** The rules of `core/hints` for a run's settings. */
function hintRulesOf(settings: RunSettings): HintRules {
  return {
    autoResize: settings.auto_resize,
    maxResolution: parseSize(settings.max_resolution) ?? 'auto',
    safeResolution: parseSize(settings.safe_resolution) ?? { width: 320, height: 180 },
    frames: settings.frames,
    estimator: settings.estimator,
    outputReserved: settings.engine.max_output_tokens,
    limit: settings.max_tokens,
  };
}

function budgetAt(settings: RunSettings, size: VideoInfo | null, textTokens: number): TokenBudget {
  return budgetOf({
    estimator: settings.estimator,
    size,
    frames: size ? Math.min(settings.frames, size.frames) : 0,
    textTokens,
    outputReserved: settings.engine.max_output_tokens,
    limit: settings.max_tokens,
  });
}

function tokensOf(
  settings: RunSettings,
  budget: TokenBudget,
  size: { readonly width: number; readonly height: number } | null,
  frames: number,
): NonNullable<PlannedSpec['tokens']> {
  const visionBy = (name: 'linear' | 'pixtral') =>
    size ? estimatorNamed(name).visionTokens(size, frames) : 0;
  const linear = settings.estimator === 'linear' ? budget.vision : visionBy('linear');
  return {
    linear,
    pixtral: visionBy('pixtral'),
    vision: budget.vision,
    text: budget.text,
    total: budget.total,
  };
}

function newDraft(candidate: SpecCandidate): PlannedSpec {
  const fileName = candidate.spec.split('/').at(-1) ?? candidate.spec;
  return {
    spec: candidate.spec,
    name: fileName.replace(/\.json$/i, ''),
    sha256: null,
    action: 'fail',
    video: null,
    hint: null,
    tokens: null,
    failure: null,
    batch_id: null,
  };
}

function plannedVideo(file: VideoFile, info: VideoInfo): PlannedVideo {
  return {
    path: file.path,
    width: info.width,
    height: info.height,
    frames: info.frames,
    duration_seconds: info.durationSeconds,
    frame_rate: info.frameRate,
    size_bytes: file.sizeBytes,
    modified_ms: file.modifiedMs,
  };
}

function failed(draft: PlannedSpec, code: FailureCode, message: string): PlannedSpec {
  return { ...draft, action: 'fail', failure: specFailure(code, message) };
}

function invalidMessage(spec: string, parsed: Extract<ParsedSpec, { isValid: false }>): string {
  return `${spec}${parsed.line === null ? '' : `:${parsed.line}`}: ${parsed.reason}.`;
}
