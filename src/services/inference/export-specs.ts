import { extname, join, relative, sep } from 'node:path';
import pMap from 'p-map';
import type { ExportedSpec, ExportedSpecs } from '../../core/inference/exported-specs.ts';
import { type FamilyName, familyNamed, groupSamples } from '../../core/inference/families.ts';
import {
  type ControlWeights,
  type InferenceParameters,
  ownInferenceOf,
  sampledWith,
  usualWeight,
} from '../../core/inference/parameters.ts';
import type {
  ExportedGroup,
  InferenceSample,
  SampleControl,
  SampleVideo,
} from '../../core/inference/sample.ts';
import { outputFolder } from '../../core/run/written-folder.ts';
import type { MappedFolder } from '../../core/spec/path-map.ts';
import type { PromptSpec } from '../../core/spec/prompt-spec.ts';
import type { SpecSelection } from '../../core/spec/select-specs.ts';
import { fileNamePart, uniqueNames } from '../../core/spec/spec-file-name.ts';
import { AppError } from '../../errors/app-error.ts';
import type { Ports } from '../../ports/ports.ts';
import { assertOutputsApart } from '../runs/assert-outputs-apart.ts';
import { assertWritable } from '../runs/assert-writable.ts';
import { locateVideo, missingVideo } from '../specs/locate-video.ts';
import { type ReadSpec, readExported, selectSpecs } from './read-exported.ts';

/** Whether the videos are brought along, into the folder of the export. */
export type Bringing = 'nothing' | 'copy' | 'link';

export interface ExportRequest {
  /** Absolute paths. */
  readonly inputs: readonly string[];
  readonly family: FamilyName;
  /** Absolute. */
  readonly outputDir: string;
  readonly bringing: Bringing;
  readonly isForced: boolean;
  readonly parameters: InferenceParameters;
  readonly weights: ControlWeights;
  readonly mappedFolders: readonly MappedFolder[];
  /** Folders that are no input even when they lie inside one: runs, and other exports. */
  readonly excluded: readonly string[];
  readonly selection: SpecSelection;
}

type Draft = { readonly spec: string } & (
  | { readonly sample: InferenceSample; readonly files: readonly BroughtFile[] }
  | { readonly refusal: string }
);

/** A video that goes along with the export. */
interface BroughtFile {
  readonly from: string;
  readonly to: string;
}

const readsPerCore = 4;
export const readmeName = 'README.md';

/**
 * Writes the input files of a model for specs, with a README that has the commands for them.
 *
 * @throws AppError `input-missing`; `output-exists` for a folder that holds an export already; `no-valid-spec` when the
 * model would take none.
 */
export async function exportSpecs(
  request: ExportRequest,
  ports: Pick<Ports, 'specs' | 'media' | 'sources' | 'textTokens' | 'parallelism'>,
  signal: AbortSignal,
): Promise<ExportedSpecs> {
  const { inputs, outputDir, isForced, family: name } = request;
  if (!isForced && (await ports.sources.exists(join(outputDir, readmeName)))) throw exportExists(outputDir);
  await assertExportFolder(outputDir, ports);
  const family = familyNamed(name);
  const found = await ports.specs.find(inputs, [outputDir, ...request.excluded]);
  const countTokens = await ports.textTokens();
  const options = { concurrency: ports.parallelism * readsPerCore, signal };
  const { selected: read, leftOut } = selectSpecs(
    await readExported(found, ports, options),
    request.selection,
  );
  const names = uniqueNames(read.map(({ spec, name }) => name ?? spec));
  const context = { ...request, inputRoot: found.inputRoot, ports, countTokens, signal };
  const drafts = await pMap(
    read,
    async (found, index) => ('parsed' in found ? await draftOf(found, names[index] ?? '', context) : found),
    options,
  );
  const specs = drafts.map((draft): ExportedSpec => {
    const refusal = 'refusal' in draft ? draft.refusal : family.refusal(draft.sample);
    if ('refusal' in draft || refusal !== null)
      return { spec: draft.spec, name: null, refusal, warnings: [] };
    return { spec: draft.spec, name: draft.sample.name, refusal, warnings: family.warnings(draft.sample) };
  });
  const taken = drafts.flatMap((draft, index) =>
    'sample' in draft && specs[index]?.refusal === null ? [draft] : [],
  );
  if (taken.length === 0) throw nothingTaken(family.title, specs);
  const groups = groupSamples(
    family,
    taken.map(({ sample }) => sample),
  );
  const files = taken.flatMap((draft) => draft.files);
  await writeExport(
    {
      outputDir,
      groups,
      files,
      isLinked: request.bringing === 'link',
      specPaths: found.specs.map(found.pathOf),
    },
    ports,
    readmeText(family.title, groups, specs),
  ).catch((error: unknown) => {
    throw error instanceof AppError && error.code === 'disk-full' ? diskFull(error) : error;
  });
  return {
    ...{ format: name, folder: outputDir, specs, leftOut },
    groups: groups.map(({ samples, files: written, command }) => ({
      ...{ specs: samples.length, files: written.map((file) => file.name), command },
    })),
  };
}

interface Writing {
  readonly outputDir: string;
  readonly groups: readonly ExportedGroup[];
  readonly files: readonly BroughtFile[];
  readonly isLinked: boolean;
  readonly specPaths: readonly string[];
}

async function writeExport(
  { outputDir, groups, files, isLinked, specPaths }: Writing,
  { sources, specs }: Pick<Ports, 'sources' | 'specs'>,
  readme: string,
): Promise<void> {
  const texts = groups.flatMap((group) => group.files);
  const names = [...texts.map(({ name }) => name), readmeName];
  const outputs = [...names.map((name) => join(outputDir, name)), ...files.map(({ to }) => to)];
  const read = [...specPaths, ...files.map(({ from }) => from)];
  await assertOutputsApart(
    {
      ...{ folder: outputDir, flag: '--output-dir', names },
      outputs: outputs.map((path) => ({ path, what: 'A file of the export' })),
      sources: read.map((path) => ({ path, what: 'one of its sources' })),
    },
    { sources },
  );
  for (const { from, to } of files) await sources.place(from, to, isLinked);
  for (const { name, text } of texts) await specs.publish(join(outputDir, name), text, specPaths);
  // Last, so that a folder with a README holds all of the export.
  await specs.publish(join(outputDir, readmeName), readme);
}

interface DraftContext extends ExportRequest {
  readonly inputRoot: string;
  readonly ports: Pick<Ports, 'specs' | 'media'>;
  readonly countTokens: (text: string) => number;
  readonly signal: AbortSignal;
}

async function draftOf(
  { spec, path, parsed, run }: ReadSpec,
  name: string,
  context: DraftContext,
): Promise<Draft> {
  const own = ownInferenceOf(parsed);
  if (!own.success) {
    const [issue] = own.error.issues;
    return { spec, refusal: `metadata.inference.${issue?.path.join('.')}: ${issue?.message}` };
  }
  const { parameters, weights } = sampledWith(context, own.data, run?.runSpec);
  const place = { parsed, specPath: path, name, context, files: [] as BroughtFile[] };
  try {
    const video = await videoOf(parsed, place);
    const controls = await controlsOf(parsed, weights, place);
    const prompt = parsed.prompt.trim();
    const sample: InferenceSample = {
      name,
      prompt,
      negativePrompt: parsed.negative_prompt?.trim() ?? '',
      video,
      controls,
      parameters,
      promptTokens: context.countTokens(prompt),
    };
    return { spec, sample, files: place.files };
  } catch (error) {
    if (error instanceof AppError && error.code === 'video-unreadable')
      return { spec, refusal: error.message };
    throw error;
  }
}

interface Place {
  readonly parsed: PromptSpec;
  readonly specPath: string;
  readonly name: string;
  readonly context: DraftContext;
  readonly files: BroughtFile[];
}

async function videoOf({ input_video_path: written }: PromptSpec, place: Place): Promise<SampleVideo | null> {
  if (!written?.trim()) return null;
  const found = await pathOf(written, 'video', place);
  const { width, height, frames } = await place.context.ports.media.probe(found.from, place.context.signal);
  return { path: found.path, size: { width, height }, frames };
}

async function controlsOf(
  { control_inputs: inputs }: PromptSpec,
  weights: Readonly<Record<string, number>>,
  place: Place,
): Promise<SampleControl[]> {
  const controls: SampleControl[] = [];
  for (const [kind, written] of Object.entries(inputs ?? {})) {
    const path = written?.trim() ? (await pathOf(written, kind, place)).path : null;
    controls.push({ kind, path, weight: weights[kind] ?? usualWeight });
  }
  return controls;
}

/** Where a video lies, and its path as the input files name it. @throws AppError `video-unreadable` for none. */
async function pathOf(written: string, kind: string, { specPath, parsed, name, context, files }: Place) {
  const { outputDir, bringing } = context;
  const candidate = { spec: name, path: specPath };
  const found = await locateVideo(written, candidate, parsed, context);
  if (!found) {
    const { message } = await missingVideo(written, candidate, context);
    throw new AppError({ code: 'video-unreadable', message: `${kind}: ${message.replace(/\.$/, '')}` });
  }
  if (bringing === 'nothing') return { from: found.path, path: posix(relative(outputDir, found.path)) };
  const path = `videos/${name}${kind === 'video' ? '' : `_${fileNamePart(kind)}`}${extname(found.path)}`;
  files.push({ from: found.path, to: join(outputDir, ...path.split('/')) });
  return { from: found.path, path };
}

function posix(path: string): string {
  return path.split(sep).join('/');
}

function readmeText(title: string, groups: readonly ExportedGroup[], specs: readonly ExportedSpec[]): string {
  const commands = groups.map(({ command }) => command).join('\n');
  const warned = specs.filter(({ warnings }) => warnings.length > 0);
  const refused = specs.filter(({ refusal }) => refusal !== null);
  return [
    `# Input of ${title}\n`,
    `Run in this folder, where the model's programs are installed:\n\n\`\`\`bash\n${commands}\n\`\`\`\n`,
    ...(warned.length > 0
      ? [
          `## To know\n\n${warned.map(({ name, warnings }) => `- ${name}: ${warnings.join('; ')}.`).join('\n')}\n`,
        ]
      : []),
    ...(refused.length > 0
      ? [`## Left out\n\n${refused.map(({ spec, refusal }) => `- ${spec}: ${refusal}.`).join('\n')}\n`]
      : []),
  ].join('\n');
}

export function exportExists(folder: string): AppError {
  return new AppError({
    code: 'output-exists',
    message: `${folder} already holds an export.`,
    nextStep: 'Choose another folder with --output-dir, or replace it with --force.',
  });
}

/** Nothing is read for an export that cannot be written. */
export async function assertExportFolder(folder: string, ports: Pick<Ports, 'sources'>): Promise<void> {
  await assertWritable([outputFolder(folder, '--output-dir')], ports).catch((error: unknown) => {
    throw error instanceof AppError && error.code === 'disk-full' ? diskFull(error) : error;
  });
}

/** There is no run to continue. */
export function diskFull({ message }: AppError): AppError {
  const nextStep = 'Free some space, then export again; --link takes no room for videos.';
  return new AppError({ code: 'disk-full', message, nextStep });
}

function nothingTaken(title: string, specs: readonly ExportedSpec[]): AppError {
  // What the model refuses tells more than a file that is no spec.
  const first = specs.find(({ refusal }) => !/^(?:line \d+: )?not /.test(refusal ?? '')) ?? specs[0];
  return new AppError({
    code: 'no-valid-spec',
    message: first
      ? `${title} would accept none of ${specs.length} specs; ${first.spec}: ${first.refusal}.`
      : 'There is no spec to export.',
    nextStep: 'Fix the specs, or choose another --format.',
  });
}
