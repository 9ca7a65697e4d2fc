import { extname } from 'node:path';
import pMap from 'p-map';
import { familyNamed } from '../../core/inference/families.ts';
import type { PlannedVideoTask } from '../../core/inference/inference-checkpoint.ts';
import {
  batchesOfVideos,
  type InferencePlan,
  sampleOf,
  withUniqueNames,
} from '../../core/inference/inference-plan.ts';
import type { InferenceSettings } from '../../core/inference/inference-settings.ts';
import {
  ownInferenceOf,
  sampledWith,
  usualParameters,
  usualWeight,
} from '../../core/inference/parameters.ts';
import {
  type FoundRunSpec,
  type FoundRunSpecs,
  nameOfRun,
  runSpecsOf,
} from '../../core/inference/run-spec.ts';
import type { ModelFamily } from '../../core/inference/sample.ts';
import { type SpecFailure, specFailure } from '../../core/run/failure.ts';
import { parseSpecFile } from '../../core/spec/parse-spec.ts';
import type { MappedFolder } from '../../core/spec/path-map.ts';
import type { PromptSpec } from '../../core/spec/prompt-spec.ts';
import { fileNamePart } from '../../core/spec/spec-file-name.ts';
import {
  outputFileOf,
  type PlannedSpec,
  sourceFileOf,
  type UpsamplePlan,
} from '../../core/upsample/upsample-plan.ts';
import type { UpsampleSettings } from '../../core/upsample/upsample-settings.ts';
import { AppError } from '../../errors/app-error.ts';
import type { Ports } from '../../ports/ports.ts';
import type { InferenceObserver } from '../../ports/run-observer.ts';
import type { VideoFile } from '../../ports/spec-store.ts';
import { locateVideo, missingVideo } from '../specs/locate-video.ts';
import { readPlanned } from '../upsample/find-source.ts';
import { planSpecs } from '../upsample/plan-specs.ts';
import { findRunSpecs, noticeUnusedRunSpecs } from './find-run-specs.ts';

export interface InferenceRequest {
  /** Absolute paths. */
  readonly inputs: readonly string[];
  readonly settings: InferenceSettings;
  /** Folders that are no input even when they lie inside one: results and checkpoints. */
  readonly excluded: readonly string[];
  readonly mappedFolders: readonly MappedFolder[];
}

type PlanPorts = Pick<
  Ports,
  | 'specs'
  | 'media'
  | 'sources'
  | 'textTokens'
  | 'parallelism'
  | 'checkServer'
  | 'templateTokens'
  | 'serverLimits'
>;

interface PlanContext extends InferenceRequest {
  readonly inputRoot: string;
  readonly family: ModelFamily;
  readonly ports: PlanPorts;
  readonly countTokens: (text: string) => number;
  readonly signal: AbortSignal;
}

const readsPerCore = 4;

/** Everything a run from prompts to videos will do, without doing any of it. @throws AppError as `planSpecs`. */
export async function planInference(
  request: InferenceRequest,
  ports: PlanPorts,
  observer: Pick<InferenceObserver, 'onPlanned' | 'onNotice'>,
  signal: AbortSignal,
): Promise<InferencePlan> {
  const { settings } = request;
  const { runSpecs, leftOut } = await findRunSpecs(request, ports, signal);
  const prompts = await planPrompts(request, leftOut, ports, observer, signal);
  if (!settings.stages.includes('inference')) return { prompts, videos: [], videoBatches: [] };
  const context = {
    ...{ ...request, inputRoot: prompts.inputRoot, ports, signal },
    family: familyNamed(settings.family),
    countTokens: await ports.textTokens(),
  };
  const drafts = await pMap(prompts.specs, (spec) => videosOf(spec, runSpecs, context), {
    concurrency: ports.parallelism * readsPerCore,
    signal,
  });
  const videos = withUniqueNames(drafts.flat());
  noticeUnusedRunSpecs(runSpecs, new Set(videos.map(({ run_spec: runSpec }) => runSpec)), observer);
  return { prompts, videos, videoBatches: batchesOfVideos(videos, settings, context.family) };
}

/** Where prompts are taken as they are, nothing of the plan but its names is used. */
async function planPrompts(
  { inputs, settings, excluded, mappedFolders }: InferenceRequest,
  leftOut: ReadonlySet<string>,
  ports: PlanPorts,
  observer: Pick<InferenceObserver, 'onPlanned' | 'onNotice'>,
  signal: AbortSignal,
): Promise<UpsamplePlan> {
  const isUpsampled = settings.stages.includes('upsample');
  const { upsample } = settings;
  const asked = isUpsampled ? upsample : withoutServer(upsample);
  const { only, skip } = settings;
  const request = {
    ...{ inputs, settings: asked, excluded, mappedFolders, leftOut },
    selection: { only, skip, limit: upsample.limit ?? null },
    // A video is made of a spec that is enriched already, too.
    isLimited: ({ failure }: PlannedSpec) =>
      isUpsampled ? failure === null : failure?.code !== 'spec-invalid',
  };
  const plan = await planSpecs(request, ports, observer, signal);
  if (isUpsampled) return plan;
  const raw = plan.specs.filter(({ action }) => action !== 'skip' && action !== 'fail');
  if (raw.length > 0) observer.onNotice(rawPromptsText(raw));
  const specs = plan.specs.map(
    (spec): PlannedSpec =>
      spec.failure?.code === 'spec-invalid'
        ? spec
        : { ...spec, action: 'skip', failure: null, hint: null, tokens: null, batch_id: null },
  );
  return { ...plan, settings: upsample, specs, batches: [] };
}

function rawPromptsText([first, ...others]: readonly PlannedSpec[]): string {
  const more = others.length > 0 ? ` and ${others.length} more` : '';
  return `Not enriched, used as they are: ${first?.spec}${more}. Without --stages, a run enriches them first.`;
}

/** No server is asked for prompts that stay as they are. */
function withoutServer(settings: UpsampleSettings): UpsampleSettings {
  const { variants: _variants, ...others } = settings;
  const { prompt_format: _format, ...engine } = settings.engine;
  return { ...others, engine: { ...engine, kind: 'describe' } };
}

/** The videos of a spec: one for each of its RunSpecs, or one of its own. Of a file that is no spec, one that fails. */
async function videosOf(
  planned: PlannedSpec,
  runSpecs: FoundRunSpecs,
  context: PlanContext,
): Promise<PlannedVideoTask[]> {
  const { specs } = context.ports;
  if (planned.failure?.code === 'spec-invalid') return [newVideo(planned, null, planned.failure)];
  const path = specs.outputPath(context.inputRoot, sourceFileOf(planned));
  const bytes = await readPlanned(planned, path, specs).catch(() => null);
  const parsed = bytes && parseSpecFile(bytes);
  if (!parsed?.isValid)
    return [
      newVideo(planned, null, specFailure('spec-changed', `${planned.spec} was changed in the meantime.`)),
    ];
  const own = runSpecsOf(parsed.spec, runSpecs);
  const asked = own.length > 0 ? own : [null];
  return await Promise.all(
    asked.map((runSpec) => videoOf(planned, parsed.spec, runSpec, { ...context, path })),
  );
}

/** A video before anything is known of its files. */
function newVideo(
  planned: PlannedSpec,
  found: FoundRunSpec | null,
  failure: PlannedVideoTask['failure'],
): PlannedVideoTask {
  const name = fileNamePart(found ? nameOfRun(found) : planned.name);
  const video = `${outputFileOf(planned).replace(/\.json$/i, '')}/${name}`;
  return {
    ...{ video, spec: planned.spec, run_spec: found?.spec ?? null, name, negative_prompt: '' },
    ...{ parameters: usualParameters, source: null, controls: [], existing_sha256: null, warnings: [] },
    ...{ failure, batch_id: null },
  };
}

async function videoOf(
  planned: PlannedSpec,
  spec: PromptSpec,
  found: FoundRunSpec | null,
  context: PlanContext & { readonly path: string },
): Promise<PlannedVideoTask> {
  const { settings, family, path, ports } = context;
  const own = ownInferenceOf(spec);
  if (!own.success || (found !== null && found.problem !== null)) {
    const issue = own.error?.issues[0];
    const message = issue
      ? `${planned.spec}: metadata.inference.${issue.path.join('.')}: ${issue.message}.`
      : `${found?.spec}: ${found?.problem}.`;
    return newVideo(planned, found, specFailure('spec-invalid', message));
  }
  const set = { parameters: settings.parameters, weights: settings.control_weights };
  const { parameters, weights } = sampledWith(set, own.data, found?.runSpec);
  const negativePrompt = spec.negative_prompt?.trim() ?? '';
  const draft = { ...newVideo(planned, found, null), negative_prompt: negativePrompt, parameters };
  const place = { spec: planned.spec, parsed: spec, path, context };
  try {
    const source = await sourceOf(spec, place);
    const controls = await controlsOf(spec, weights, place);
    const output = videoPath(settings, draft.video, ports);
    const existing = (await ports.sources.exists(output)) ? await ports.sources.identify(output, null) : null;
    const planned = { ...draft, source, controls, existing_sha256: existing?.sha256 ?? null };
    const sample = sampleOf(planned, spec.prompt, context.countTokens);
    const refusal = family.refusal(sample);
    if (refusal === null) return { ...planned, warnings: [...family.warnings(sample)] };
    const failure = specFailure(
      'request-rejected',
      `${family.title} cannot use it: ${refusal}.`,
      refusedStep,
    );
    return { ...planned, failure };
  } catch (error) {
    if (!(error instanceof UnusableSpecError)) throw error;
    return { ...draft, failure: error.failure };
  }
}

const refusedStep = 'Fix the spec, or choose another --family.';

class UnusableSpecError extends Error {
  readonly failure: SpecFailure;

  constructor(failure: SpecFailure) {
    super(failure.message);
    this.failure = failure;
  }
}

interface SpecPlace {
  readonly spec: string;
  readonly parsed: PromptSpec;
  readonly path: string;
  readonly context: PlanContext;
}

async function sourceOf(spec: PromptSpec, place: SpecPlace): Promise<PlannedVideoTask['source']> {
  const written = spec.input_video_path?.trim();
  if (!written) return null;
  const file = await fileOf(written, place);
  const { media } = place.context.ports;
  try {
    const { width, height, frames } = await media.probe(file.path, place.context.signal);
    return { ...plannedFile(file), width, height, frames };
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'video-unreadable') throw error;
    throw new UnusableSpecError(specFailure('video-unreadable', error.message));
  }
}

async function controlsOf(
  { control_inputs: inputs }: PromptSpec,
  weights: Readonly<Record<string, number>>,
  place: SpecPlace,
): Promise<PlannedVideoTask['controls']> {
  const controls: PlannedVideoTask['controls'] = [];
  for (const [kind, written] of Object.entries(inputs ?? {})) {
    const file = written?.trim() ? plannedFile(await fileOf(written, place)) : null;
    controls.push({ kind, file, weight: weights[kind] ?? usualWeight });
  }
  return controls;
}

async function fileOf(written: string, { spec, path, parsed, context }: SpecPlace): Promise<VideoFile> {
  const found = await locateVideo(written, { path }, parsed, context);
  if (found) return found;
  throw new UnusableSpecError(await missingVideo(written, { spec, path }, context));
}

function plannedFile({ path, sizeBytes, modifiedMs }: VideoFile) {
  return { path, size_bytes: sizeBytes, modified_ms: modifiedMs };
}

/** Where a video belongs. */
export function videoPath(
  { videos_dir: folder }: Pick<InferenceSettings, 'videos_dir'>,
  video: string,
  { specs }: { readonly specs: Pick<Ports['specs'], 'outputPath'> },
): string {
  return specs.outputPath(folder, `${video}.mp4`);
}

/** The ending of a file that the model's program reads, where it is a plain one. */
export function extensionOf(path: string): string {
  const extension = extname(path).toLowerCase();
  return /^\.[a-z0-9]{1,10}$/.test(extension) ? extension : '';
}
