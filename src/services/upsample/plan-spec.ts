import { hash } from 'node:crypto';
import pMap from 'p-map';
import { chooseHint, type HintRules } from '../../core/hints/choose-hint.ts';
import { type ExactSize, parseSize, roomiestBox } from '../../core/hints/display-size.ts';
import type { VideoInfo } from '../../core/hints/video-info.ts';
import { type FailureCode, type SpecFailure, specFailure } from '../../core/run/failure.ts';
import type { ParsedSpec } from '../../core/spec/parse-spec.ts';
import type { MappedFolder } from '../../core/spec/path-map.ts';
import { type NamedVideo, type PromptSpec, sourcePromptOf, videosOf } from '../../core/spec/prompt-spec.ts';
import { budgetOf, type TokenBudget } from '../../core/tokens/budget.ts';
import { estimatorNamed } from '../../core/tokens/estimator.ts';
import { requestText } from '../../core/upsample/instruction.ts';
import {
  type EqualValues,
  elementName,
  type PlannedSpec,
  type PlannedVideo,
} from '../../core/upsample/upsample-plan.ts';
import { estimatorOf, type UpsampleSettings } from '../../core/upsample/upsample-settings.ts';
import { AppError } from '../../errors/app-error.ts';
import type { Ports } from '../../ports/ports.ts';
import type { SpecCandidate, VideoFile } from '../../ports/spec-store.ts';
import { locateVideo, missingVideo, renameStep } from '../specs/locate-video.ts';
import { readSpecFile } from '../specs/read-specs.ts';

export interface PlanContext {
  readonly inputRoot: string;
  readonly settings: UpsampleSettings;
  readonly ports: Pick<Ports, 'specs' | 'media'>;
  readonly countTextTokens: (text: string) => number;
  readonly equal: EqualValues;
  readonly mappedFolders: readonly MappedFolder[];
  /** Candidates whose name is not UTF-8. */
  readonly misnamed: ReadonlySet<string>;
  /** Candidates that turn out to be RunSpecs. */
  readonly runSpecs: string[];
  readonly signal: AbortSignal;
}

/**
 * Decides what is to be done with a candidate: with its one spec, or with each that it holds. What is wrong with them is part
 * of the plan, and not thrown.
 *
 * @param onFound - Told how many specs a file holds that holds several.
 */
export async function planFile(
  candidate: SpecCandidate,
  context: PlanContext,
  onFound: (specs: number) => void,
): Promise<readonly PlannedSpec[]> {
  const draft = newDraft(candidate);
  if (context.misnamed.has(candidate.spec)) {
    const message = `${candidate.spec}: its name is not UTF-8, so it cannot be read.`;
    return [{ ...draft, failure: specFailure('spec-invalid', message, renameStep(candidate.spec)) }];
  }
  const file = await readSpecFile(candidate.path, context.ports.specs);
  if (!file.isRead) return [failed(draft, 'spec-invalid', `${candidate.spec}: ${file.reason}.`)];
  if (file.only) {
    const { parsed } = file.only;
    if (parsed.isValid || !parsed.isRunSpec) return [await planRead(draft, candidate, file.only, context)];
    context.runSpecs.push(candidate.spec);
    return [];
  }
  onFound(file.count);
  const options = { concurrency: elementsAtOnce, signal: context.signal };
  const planned = await pMap(
    file.specs,
    async ({ element, ...read }) => {
      const number = element ?? 1;
      const own = { spec: elementName(draft.spec, number), element: number, name: `${draft.name} ${number}` };
      return await planRead({ ...draft, ...own }, candidate, read, context);
    },
    options,
  );
  return planned.some(({ failure }) => failure?.code !== 'spec-invalid')
    ? planned
    : [noSpecIn(draft, planned)];
}

/** Videos are looked for in parallel. */
const elementsAtOnce = 16;

/** A file without any spec is one wrong file, and not as many as it has lines. */
function noSpecIn(draft: PlannedSpec, [first]: readonly PlannedSpec[]): PlannedSpec {
  const message = first?.failure?.message ?? `${draft.spec}: it does not hold a PromptSpec.`;
  const next = 'A JSONL file has one whole PromptSpec on each line, and a JSON array holds PromptSpecs.';
  return { ...draft, failure: specFailure('spec-invalid', message, next) };
}

/** @param draft - With the spec's name for outputs. */
async function planRead(
  draft: PlannedSpec,
  candidate: SpecCandidate,
  { bytes, parsed }: { readonly bytes: Uint8Array; readonly parsed: ParsedSpec },
  context: PlanContext,
): Promise<PlannedSpec> {
  const known = { ...draft, sha256: hash('sha256', bytes, 'hex') };
  if (!parsed.isValid) return { ...known, failure: invalidSpec(candidate.spec, parsed) };
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
  const textTokens = context.countTextTokens(textToSend(settings, sourcePromptOf(spec)));
  const named = videosOf(spec);
  const found = await firstVideo(spec, candidate, context);
  const [first] = named;
  if (found === null && first?.kind === 'video')
    return { ...draft, failure: await missingVideo(first.path, candidate, context) };
  if (found === null) return planWithoutVideo(draft, named, textTokens, context);
  const { file, kind } = found;
  let info: VideoInfo;
  try {
    info = await context.ports.media.probe(file.path, context.signal);
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'video-unreadable') throw error;
    return { ...draft, failure: specFailure('video-unreadable', error.message, error.nextStep ?? undefined) };
  }
  const choice = chooseHint(info, textTokens, hintRulesOf(settings, info));
  const video = context.equal.video(plannedVideo(file, info, kind));
  if (choice.action === 'fail') {
    const tokens = tokensOf(context, choice.budget, choice.size, choice.frames);
    return { ...failed({ ...draft, tokens }, choice.code, choice.message), video };
  }
  const hint = context.equal.hint({ ...choice.size, frames: choice.frames });
  const tokens = tokensOf(context, choice.budget, choice.size, choice.frames);
  return { ...draft, action: choice.action, video, hint, tokens };
}

/** All words of a request; how long a video is takes as many tokens whatever it is. */
export function textToSend({ engine }: UpsampleSettings, prompt: string): string {
  const duration = engine.prompt_format === undefined ? undefined : 0;
  const text = requestText(engine.instruction, prompt, duration);
  return engine.system_prompt === undefined ? text : `${engine.system_prompt}\n\n${text}`;
}

function planWithoutVideo(
  draft: PlannedSpec,
  named: readonly NamedVideo[],
  textTokens: number,
  context: PlanContext,
): PlannedSpec {
  const { settings } = context;
  const paths = named.map(({ path }) => path).join(', ');
  const tried = named.length > 0 ? `, and none of its control videos exists (${paths})` : '';
  if (!settings.allow_text_only) return failed(draft, 'no-video', `The spec names no input video${tried}.`);
  const budget = budgetAt(settings, null, textTokens);
  const tokens = tokensOf(context, budget, null, 0);
  if (budget.fits) return { ...draft, action: 'as-is', tokens };
  const message = `The prompt has about ${textTokens} tokens; with the answer it exceeds the limit of ${budget.limit}.`;
  return failed({ ...draft, tokens }, 'prompt-too-long', message);
}

async function firstVideo(
  spec: PromptSpec,
  candidate: SpecCandidate,
  context: PlanContext,
): Promise<{ readonly file: VideoFile; readonly kind: NamedVideo['kind'] } | null> {
  for (const { kind, path } of videosOf(spec)) {
    const file = await locateVideo(path, candidate, spec, context);
    if (file) return { file, kind };
  }
  return null;
}

function hintRulesOf(settings: UpsampleSettings, video: VideoInfo): HintRules {
  const measured = (settings.measured_sizes ?? []).flatMap((text) => parseSize(text) ?? []);
  return {
    autoResize: settings.auto_resize,
    maxResolution: parseSize(settings.max_resolution) ?? roomiestBox(video, measured) ?? 'auto',
    frames: settings.frames,
    ...countingOf(settings),
  };
}

/** How the tokens of a prompt are counted, how many it may have, and what frames the model takes. */
export function countingOf(settings: UpsampleSettings) {
  const estimator = estimatorOf(settings);
  return {
    estimator,
    // The embedded engine looks at any frame, and would describe the bars.
    frameLimits: settings.engine.kind === 'describe' ? null : estimatorNamed(estimator).frameLimits,
    controlTokens: settings.control_tokens,
    outputReserved: settings.engine.max_output_tokens,
    limit: settings.max_tokens,
  };
}

function budgetAt(settings: UpsampleSettings, size: VideoInfo | null, textTokens: number): TokenBudget {
  const frames = size ? Math.min(settings.frames, size.frames) : 0;
  return budgetOf({ ...countingOf(settings), size, frames, textTokens });
}

function tokensOf(
  { settings, equal }: PlanContext,
  budget: TokenBudget,
  size: { readonly width: number; readonly height: number } | null,
  frames: number,
): NonNullable<PlannedSpec['tokens']> {
  const visionBy = (name: 'linear' | 'pixtral') =>
    size ? estimatorNamed(name).visionTokens(size, frames) : 0;
  const linear = settings.estimator === 'linear' ? budget.vision : visionBy('linear');
  const { vision, text, total } = budget;
  return equal.tokens({ linear, pixtral: visionBy('pixtral'), vision, text, total });
}

function newDraft(candidate: SpecCandidate): PlannedSpec {
  const fileName = candidate.spec.split('/').at(-1) ?? candidate.spec;
  return {
    spec: candidate.spec,
    name: fileName.replace(/\.jsonl?$/i, ''),
    sha256: null,
    action: 'fail',
    video: null,
    hint: null,
    tokens: null,
    failure: null,
    batch_id: null,
  };
}

function plannedVideo(file: VideoFile, info: VideoInfo, kind: NamedVideo['kind']): PlannedVideo {
  return {
    path: file.path,
    width: info.width,
    height: info.height,
    ...(info.exact && { exact_size: writtenSize(info.exact) }),
    ...(info.place && { place: info.place }),
    ...(info.hdr && { hdr: info.hdr }),
    ...(info.assumedMatrix && { assumed_matrix: info.assumedMatrix }),
    frames: info.frames,
    duration_seconds: info.durationSeconds,
    frame_rate: info.frameRate,
    size_bytes: file.sizeBytes,
    modified_ms: file.modifiedMs,
    kind,
  };
}

function writtenSize({ width, height, perPixel }: ExactSize): NonNullable<PlannedVideo['exact_size']> {
  return { width, height, per_pixel: perPixel };
}

function failed(draft: PlannedSpec, code: FailureCode, message: string): PlannedSpec {
  return { ...draft, action: 'fail', failure: specFailure(code, message) };
}

function invalidSpec(
  spec: string,
  { line, reason, nextStep }: Extract<ParsedSpec, { isValid: false }>,
): SpecFailure {
  return specFailure('spec-invalid', `${spec}${line === null ? '' : `:${line}`}: ${reason}.`, nextStep);
}
