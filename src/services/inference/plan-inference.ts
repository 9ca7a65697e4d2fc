import { extname } from 'node:path';
import pMap from 'p-map';
import { familyNamed } from '../../core/inference/families.ts';
import type { InferenceCheckpoint, PlannedVideoTask } from '../../core/inference/inference-checkpoint.ts';
import type { InferencePlan } from '../../core/inference/inference-plan.ts';
import { type InferenceSettings, isSelected } from '../../core/inference/inference-settings.ts';
import { specInferenceSchema, usualWeight } from '../../core/inference/parameters.ts';
import { type RunSpec, runSpecSchema } from '../../core/inference/run-spec.ts';
import type { InferenceSample, ModelFamily } from '../../core/inference/sample.ts';
import { parseJson } from '../../core/json.ts';
import { type SpecFailure, specFailure } from '../../core/run/failure.ts';
import { parseSpecFile } from '../../core/spec/parse-spec.ts';
import type { MappedFolder } from '../../core/spec/path-map.ts';
import type { PromptSpec } from '../../core/spec/prompt-spec.ts';
import { FreeNames, fileNamePart } from '../../core/spec/spec-file-name.ts';
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
  const byPromptId = Map.groupBy(runSpecs, ({ runSpec }) => runSpec.prompt_id);
  const drafts = await pMap(
    prompts.specs.filter(({ failure }) => failure?.code !== 'spec-invalid'),
    (spec) => videosOf(spec, byPromptId, context),
    { concurrency: ports.parallelism * readsPerCore, signal },
  );
  const videos = withUniqueNames(drafts.flat());
  noticeUnusedRunSpecs(runSpecs, videos, observer);
  return { prompts, videos, videoBatches: putIntoBatches(videos, settings, context.family) };
}

interface FoundRunSpec {
  readonly spec: string;
  readonly runSpec: RunSpec;
}

/** RunSpecs lie among the specs that they are of. Broken ones are left to the plan of the specs, which says so. */
async function findRunSpecs(
  { inputs, excluded, settings }: InferenceRequest,
  ports: PlanPorts,
  signal: AbortSignal,
): Promise<{ readonly runSpecs: readonly FoundRunSpec[]; readonly leftOut: ReadonlySet<string> }> {
  const { specs, pathOf, misnamed } = await ports.specs.find(inputs, excluded);
  const read = async (spec: string): Promise<FoundRunSpec[]> => {
    if (misnamed.has(spec) || spec.includes('#')) return [];
    const bytes = await ports.specs.read(pathOf(spec)).catch(() => null);
    // Reading every spec as a RunSpec first would cost more than finding out that it is none.
    if (bytes === null || !Buffer.from(bytes).includes('"prompt_id"')) return [];
    const parsed = runSpecSchema.safeParse(parseJson(bytes));
    return parsed.success && !('prompt' in parsed.data) ? [{ spec, runSpec: parsed.data }] : [];
  };
  const options = { concurrency: ports.parallelism * readsPerCore, signal };
  const runSpecs = (await pMap(specs, read, options)).flat();
  const others = specs.filter((spec) => !isSelected(spec, settings));
  return { runSpecs, leftOut: new Set([...runSpecs.map(({ spec }) => spec), ...others]) };
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
  const request = { inputs, settings: asked, excluded, mappedFolders, leftOut };
  const plan = await planSpecs(request, ports, observer, signal);
  if (isUpsampled) return plan;
  const specs = plan.specs.map(
    (spec): PlannedSpec =>
      spec.failure?.code === 'spec-invalid'
        ? spec
        : { ...spec, action: 'skip', failure: null, hint: null, tokens: null, batch_id: null },
  );
  return { ...plan, settings: upsample, specs, batches: [] };
}

/** No server is asked for prompts that stay as they are. */
function withoutServer(settings: UpsampleSettings): UpsampleSettings {
  const { variants: _variants, ...others } = settings;
  const { prompt_format: _format, ...engine } = settings.engine;
  return { ...others, engine: { ...engine, kind: 'describe' } };
}

/** The videos of a spec: one for each of its RunSpecs, or one of its own. */
async function videosOf(
  planned: PlannedSpec,
  runSpecs: ReadonlyMap<string, readonly FoundRunSpec[]>,
  context: PlanContext,
): Promise<PlannedVideoTask[]> {
  const { specs } = context.ports;
  const path = specs.outputPath(context.inputRoot, sourceFileOf(planned));
  const bytes = await readPlanned(planned, path, specs).catch(() => null);
  const parsed = bytes && parseSpecFile(bytes);
  if (!parsed?.isValid) return [];
  const own = runSpecs.get(parsed.spec.id ?? '') ?? [];
  const asked = own.length > 0 ? own : [null];
  return await Promise.all(
    asked.map((runSpec) => videoOf(planned, parsed.spec, runSpec, { ...context, path })),
  );
}

async function videoOf(
  planned: PlannedSpec,
  spec: PromptSpec,
  found: FoundRunSpec | null,
  context: PlanContext & { readonly path: string },
): Promise<PlannedVideoTask> {
  const { settings, family, path, ports } = context;
  const name = fileNamePart(found ? found.runSpec.name?.trim() || found.runSpec.id : planned.name);
  const video = `${outputFileOf(planned).replace(/\.json$/i, '')}/${name}`;
  const draft: PlannedVideoTask = {
    ...{ video, spec: planned.spec, run_spec: found?.spec ?? null, name },
    negative_prompt: spec.negative_prompt?.trim() ?? '',
    parameters: settings.parameters,
    ...{ source: null, controls: [], existing_sha256: null, warnings: [], failure: null, batch_id: null },
  };
  const own = specInferenceSchema.safeParse(spec.metadata?.['inference'] ?? {});
  if (!own.success) {
    const [issue] = own.error.issues;
    const message = `${planned.spec}: metadata.inference.${issue?.path.join('.')}: ${issue?.message}.`;
    return { ...draft, failure: specFailure('spec-invalid', message) };
  }
  const parameters = {
    ...settings.parameters,
    ...definedOf(own.data.parameters),
    ...definedOf(found?.runSpec.parameters),
  };
  const weights: Readonly<Record<string, number>> = {
    ...settings.control_weights,
    ...own.data.control_weights,
    ...found?.runSpec.control_weights,
  };
  const place = { spec: planned.spec, parsed: spec, path, context };
  try {
    const source = await sourceOf(spec, place);
    const controls = await controlsOf(spec, weights, place);
    const output = videoPath(settings, video, ports);
    const existing = (await ports.sources.exists(output)) ? await ports.sources.identify(output, null) : null;
    const planned = { ...draft, parameters, source, controls, existing_sha256: existing?.sha256 ?? null };
    const sample = sampleOf(planned, spec.prompt, context.countTokens);
    const refusal = family.refusal(sample);
    if (refusal === null) return { ...planned, warnings: [...family.warnings(sample)] };
    const failure = specFailure(
      'request-rejected',
      `${family.title} cannot take it: ${refusal}.`,
      refusedStep,
    );
    return { ...planned, failure };
  } catch (error) {
    if (!(error instanceof UnusableSpecError)) throw error;
    return { ...draft, failure: error.failure };
  }
}

const refusedStep = 'Correct the spec, or choose another --family.';

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

/** As the model's family sees it. */
export function sampleOf(
  { name, negative_prompt: negativePrompt, source, controls, parameters }: PlannedVideoTask,
  prompt: string,
  countTokens: (text: string) => number,
): InferenceSample {
  return {
    ...{ name, prompt, negativePrompt, parameters, promptTokens: countTokens(prompt) },
    video: source && {
      path: source.path,
      size: { width: source.width, height: source.height },
      frames: source.frames,
    },
    controls: controls.map(({ kind, file, weight }) => ({ kind, path: file?.path ?? null, weight })),
  };
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

/** Names of files, also where case means nothing: of the results, and among the model's samples. */
function withUniqueNames(videos: readonly PlannedVideoTask[]): PlannedVideoTask[] {
  const [results, samples] = [new FreeNames(), new FreeNames()];
  return videos.map((each) => ({
    ...each,
    video: results.take(each.video),
    name: samples.take(each.name),
  }));
}

/** Videos that may share a start of the model's program stand together, as many as one start makes. */
function putIntoBatches(
  videos: readonly PlannedVideoTask[],
  { program }: InferenceSettings,
  family: ModelFamily,
): InferenceCheckpoint['video_batches'] {
  const able = videos.filter(({ failure }) => failure === null);
  const groups = Map.groupBy(able, (video) => family.groupKey(sampleOf(video, '', () => 0)));
  const batches: InferenceCheckpoint['video_batches'] = [];
  for (const group of groups.values()) {
    for (let at = 0; at < group.length; at += program.batch_size) {
      const part = group.slice(at, at + program.batch_size);
      for (const video of part) video.batch_id = batches.length;
      batches.push({ batch_id: batches.length, videos: part.map(({ video }) => video) });
    }
  }
  return batches;
}

function noticeUnusedRunSpecs(
  runSpecs: readonly FoundRunSpec[],
  videos: readonly PlannedVideoTask[],
  observer: Pick<InferenceObserver, 'onNotice'>,
): void {
  const used = new Set(videos.map(({ run_spec: spec }) => spec));
  for (const { spec, runSpec } of runSpecs) {
    if (!used.has(spec))
      observer.onNotice(`${spec} is of ${runSpec.prompt_id}, which is no spec of this run: it is left out.`);
  }
}

function definedOf(values: object = {}): object {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
