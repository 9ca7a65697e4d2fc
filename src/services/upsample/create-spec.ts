import { dirname, isAbsolute, relative, resolve, sep } from 'node:path';
import type { InferenceParameters } from '../../core/inference/parameters.ts';
import { runSpecIdOf } from '../../core/inference/run-spec.ts';
import { formatSpec } from '../../core/spec/parse-spec.ts';
import { controlKinds } from '../../core/spec/prompt-spec.ts';
import { specFileName } from '../../core/spec/spec-file-name.ts';
import { specIdOf } from '../../core/spec/spec-id.ts';
import { AppError, usageError } from '../../errors/app-error.ts';
import type { Ports } from '../../ports/ports.ts';

/** What specs of the original project say by default. */
const defaultNegativePrompt = 'blurry, low resolution, cartoonish, bad geometry';

interface NewSpec {
  readonly name: string;
  readonly prompt: string;
  readonly negativePrompt: string | null;
  readonly videoPath: string;
  readonly controlInputs: Readonly<Record<string, string>>;
  /** Folder that gets the dated folder with the spec. */
  readonly folder: string;
  /** What a RunSpec of it is to say; null for none. */
  readonly run: {
    readonly weights: Readonly<Record<string, number>>;
    readonly parameters: InferenceParameters;
  } | null;
}

interface CreatedSpec {
  /** Absolute path of the file. */
  readonly path: string;
  /** The RunSpec, by its path in the folder of all specs; null for none. */
  readonly runSpec: { readonly name: string; readonly text: string } | null;
}

/**
 * Writes a new PromptSpec after checking that its videos can be read, and a RunSpec of it beside it.
 *
 * @throws AppError `usage-invalid`, `video-unreadable`, `spec-exists`.
 */
export async function createSpec(
  request: NewSpec,
  ports: Pick<Ports, 'specs' | 'media' | 'clock'>,
): Promise<CreatedSpec> {
  if (request.name.trim() === '')
    throw usageError('The name is empty.', 'Give the spec a name: cosmos create-spec NAME …');
  if (request.prompt.trim() === '')
    throw usageError('The prompt is empty.', 'Describe what the video shows: --prompt TEXT');
  for (const path of [request.videoPath, ...Object.values(request.controlInputs)]) await probe(path, ports);
  const createdAt = new Date(ports.clock.now());
  const { prompt } = request;
  const specFolder = dirname(
    ports.specs.outputPath(request.folder, specFileName(request.name, createdAt, 'id')),
  );
  const videoPath = fromFolder(specFolder, request.videoPath);
  const controlInputs = Object.fromEntries(
    Object.entries(request.controlInputs).map(([kind, file]) => [kind, fromFolder(specFolder, file)]),
  );
  const id = specIdOf({ prompt, videoPath, controlInputs });
  const path = ports.specs.outputPath(request.folder, specFileName(request.name, createdAt, id));
  if ((await ports.specs.read(path)) !== null) {
    throw new AppError({
      code: 'spec-exists',
      message: `${path} already exists.`,
      nextStep: 'Nothing was changed. Wait a second, or use another name.',
    });
  }
  const document = {
    id,
    name: request.name,
    prompt,
    negative_prompt: request.negativePrompt ?? defaultNegativePrompt,
    input_video_path: videoPath,
    control_inputs: controlInputs,
    timestamp: createdAt.toISOString(),
    is_upsampled: false,
    parent_prompt_text: null,
  };
  await ports.specs.publish(path, formatSpec(document));
  const runSpec = runSpecOf(request, id, createdAt);
  if (runSpec) await ports.specs.publish(ports.specs.outputPath(request.folder, runSpec.name), runSpec.text);
  return { path, runSpec };
}

function runSpecOf({ name, run }: NewSpec, promptId: string, createdAt: Date): CreatedSpec['runSpec'] {
  if (run === null) return null;
  const asked = { prompt_id: promptId, control_weights: run.weights, parameters: run.parameters };
  const id = runSpecIdOf(asked);
  const document = {
    id,
    prompt_id: promptId,
    // The video is called so, beside those of other RunSpecs of the same spec.
    name: `${name}_${id}`,
    ...{ control_weights: run.weights, parameters: run.parameters },
    timestamp: createdAt.toISOString(),
    ...{ execution_status: 'pending', output_path: null },
  };
  return { name: specFileName(name, createdAt, id), text: formatSpec(document) };
}

/** A path as the spec says it: from its own folder, so that it is found from wherever the spec is used. */
function fromFolder(folder: string, path: string): string {
  return isAbsolute(path) ? path : relative(folder, resolve(path)).split(sep).join('/');
}

/** Reads `depth=PATH`. @throws AppError `usage-invalid`. */
export function parseControl(text: string): [kind: string, path: string] {
  const split = text.indexOf('=');
  const kind = text.slice(0, Math.max(0, split));
  const path = text.slice(split + 1);
  if (controlKinds.some((known) => known === kind) && path !== '') return [kind, path];
  throw usageError(
    `--control ${JSON.stringify(text)} is not KIND=PATH.`,
    `KIND is one of ${controlKinds.join(', ')}: --control depth=videos/depth.mp4`,
  );
}

async function probe(path: string, { specs, media }: Pick<Ports, 'specs' | 'media'>): Promise<void> {
  // A spec that lay in the working folder would find its video there: that is what the user means by a path.
  const here = specs.outputPath('.', 'spec.json');
  const video = await specs.findVideo(path, here, dirname(here));
  if (video === null) {
    throw new AppError({
      code: 'video-unreadable',
      message: `There is no video ${path}.`,
      nextStep: 'Give its path from the current folder, or its full path.',
    });
  }
  await media.probe(video.path);
}
