import { createHash } from 'node:crypto';
import { familyNamed } from '../../core/inference/families.ts';
import { sampleOf } from '../../core/inference/inference-plan.ts';
import type { VideoState } from '../../core/inference/inference-state.ts';
import { type SpecFailure, specFailure } from '../../core/run/failure.ts';
import { parseSpecFile } from '../../core/spec/parse-spec.ts';
import type { PromptSpec } from '../../core/spec/prompt-spec.ts';
import { specIdOf } from '../../core/spec/spec-id.ts';
import { outputFileOf, sourceFileOf } from '../../core/upsample/upsample-plan.ts';
import { AppError, messageOf } from '../../errors/app-error.ts';
import type { FileIdentity } from '../../ports/source-files.ts';
import type { VideoTask } from '../../protocol/inference.ts';
import { readPlanned } from '../upsample/find-source.ts';
import type { InferenceRun, SpecFile, VideoRunTask } from './inference-types.ts';
import { extensionOf, videoPath } from './plan-inference.ts';

type PreparedVideo =
  | { readonly isReady: true; readonly task: VideoRunTask }
  | { readonly isReady: false; readonly failure: SpecFailure };

/** What preparing the videos of a session shares. */
export interface PrepareContext {
  readonly run: InferenceRun;
  /** Files that were read through, by path: specs share their videos. */
  readonly identified: Map<string, Promise<FileIdentity>>;
  countTokens(text: string): number;
}

/** Reads the prompt as it stands now, and the files that the model is given. @throws AppError for what would stop every video. */
export async function prepareVideo(
  state: VideoState,
  { run, identified, countTokens }: PrepareContext,
): Promise<PreparedVideo> {
  const { planned } = state;
  const found = await readPrompt(planned.spec, run);
  if (found.failure) return { isReady: false, failure: found.failure };
  const { spec } = found;
  const identify = async (file: { readonly path: string }) => {
    const known = identified.get(file.path) ?? run.ports.sources.identify(file.path, null, run.signal);
    identified.set(file.path, known);
    return await known;
  };
  try {
    const source = planned.source && (await identify(planned.source));
    const controls = await Promise.all(planned.controls.map(({ file }) => file && identify(file)));
    const prompt = spec.prompt.trim();
    const work = workOf(state, prompt, source, controls);
    const taskKey = taskKeyOf(work, run);
    const task: VideoRunTask = {
      ...{ taskKey, batchId: planned.batch_id ?? 0, state, isEdited: isPromptEdited(spec) },
      warnings: familyNamed(run.session.checkpoint.settings.family)
        .warnings(sampleOf(planned, prompt, countTokens))
        .filter((warning) => !planned.warnings.includes(warning)),
      work: { ...work, task_key: taskKey },
      files: [source, ...controls].filter((file) => file !== null),
    };
    const inTheWay = await whatIsInTheWay(task, run);
    return inTheWay ? { isReady: false, failure: inTheWay } : { isReady: true, task };
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'input-missing') throw error;
    return { isReady: false, failure: specFailure('video-unreadable', messageOf(error)) };
  }
}

/** The file that a spec's enriched form is, or becomes. */
export function enrichedFileOf(name: string, { session, state, ports }: InferenceRun): string {
  const planned = state.prompts.specs.get(name)?.planned ?? { spec: name };
  return ports.specs.outputPath(session.checkpoint.settings.upsample.output_dir, outputFileOf(planned));
}

/** Reads a spec with the prompt that is used: the enriched one, or the spec itself where it was enriched before. */
export async function readPrompt(
  name: string,
  run: InferenceRun,
): Promise<
  (SpecFile & { readonly spec: PromptSpec; readonly failure: null }) | { readonly failure: SpecFailure }
> {
  const { specs } = run.ports;
  const planned = run.state.prompts.specs.get(name)?.planned ?? { spec: name, action: 'as-is' };
  const isOfThisRun = planned.action !== 'skip';
  const source = specs.outputPath(run.session.checkpoint.input_root, sourceFileOf(planned));
  const path = isOfThisRun ? enrichedFileOf(name, run) : source;
  const reading = isOfThisRun ? specs.read(path) : readPlanned(planned, path, specs);
  const bytes = await reading.catch(() => null);
  const parsed = bytes && parseSpecFile(bytes);
  if (parsed?.isValid) return { path, document: parsed.document, spec: parsed.spec, failure: null };
  const reason = parsed === null ? 'is gone' : `cannot be read: ${parsed.reason}`;
  return { failure: specFailure('spec-changed', `${path} ${reason}.`, promptGoneStep) };
}

const promptGoneStep = 'Put the file of the prompt back, or fix it, then resume the run.';

/** An id follows the prompt that it was given for. Specs of other tools may have ids of their own. */
export function isPromptEdited({
  id,
  prompt,
  input_video_path: videoPath,
  control_inputs: controlInputs,
  metadata,
}: PromptSpec): boolean {
  const isEnriched = metadata?.['upsampling'] !== undefined;
  const identity = { prompt, videoPath: videoPath ?? '', controlInputs: controlInputs ?? {} };
  return isEnriched && id !== specIdOf(identity);
}

function workOf(
  { planned }: VideoState,
  prompt: string,
  source: FileIdentity | null,
  controls: readonly (FileIdentity | null)[],
): Omit<VideoTask, 'task_key'> {
  const size = planned.source;
  return {
    name: planned.name,
    prompt,
    negative_prompt: planned.negative_prompt,
    video: source &&
      size && {
        ...{ sha256: source.sha256, extension: extensionOf(source.path) },
        ...{ width: size.width, height: size.height, frames: size.frames },
      },
    controls: planned.controls.map(({ kind, weight }, index) => {
      const file = controls[index] ?? null;
      return { kind, weight, sha256: file?.sha256 ?? null, extension: file ? extensionOf(file.path) : '' };
    }),
    parameters: planned.parameters,
  };
}

/** Everything that the video depends on; not what it is called. */
function taskKeyOf({ name: _name, ...work }: Omit<VideoTask, 'task_key'>, { session }: InferenceRun): string {
  const { family, program, keep_controls: keepControls } = session.checkpoint.settings;
  const identity = ['inference-1', family, program.command, keepControls, work];
  return createHash('sha256').update(JSON.stringify(identity)).digest('hex');
}

/** A file that stood there before the run, and is not this very video, is not replaced unasked. */
async function whatIsInTheWay(
  { taskKey, state: { planned } }: VideoRunTask,
  { session, ports }: InferenceRun,
): Promise<SpecFailure | null> {
  const { settings } = session.checkpoint;
  if (planned.existing_sha256 === null || settings.force) return null;
  const output = videoPath(settings, planned.video, ports);
  if (!(await ports.sources.exists(output))) return null;
  const { sha256 } = await ports.sources.identify(output, null);
  const isOlder = sha256 === planned.existing_sha256;
  const made = isOlder ? await ports.results.get(taskKey, null) : null;
  if (!isOlder || made?.result.video?.sha256 === sha256) return null;
  return specFailure(
    'video-exists',
    `${output} already exists and was not made from this prompt, its videos and its parameters.`,
  );
}
