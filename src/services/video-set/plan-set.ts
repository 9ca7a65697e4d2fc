import { basename, join, relative, sep } from 'node:path';
import pMap from 'p-map';
import { assertEncodingFits, type EncodingChoice } from '../../core/encoding/choose-encoding.ts';
import { encodingConfigSchema } from '../../core/encoding/encoding-settings.ts';
import { containerOf } from '../../core/frames/container-limits.ts';
import { fractionValue } from '../../core/frames/fraction.ts';
import { planStreams } from '../../core/frames/stream-plan.ts';
import type { VideoFacts } from '../../core/frames/video-facts.ts';
import { outputFolder } from '../../core/run/written-folder.ts';
import type { PinnedFile } from '../../core/video/video-checkpoint.ts';
import {
  isPictureName,
  mediaKindOf,
  nameOutputs,
  pictureEncoding,
} from '../../core/video-set/name-outputs.ts';
import type { VideoOfPlan, VideoSetCheckpoint } from '../../core/video-set/set-checkpoint.ts';
import { AppError, usageError } from '../../errors/app-error.ts';
import type { TriedModel } from '../../ports/model-files.ts';
import type { Ports } from '../../ports/ports.ts';
import type { VideoSetObserver } from '../../ports/run-observer.ts';
import type { ListedFile } from '../../ports/source-files.ts';
import { assertOutputsApart, lazily } from '../runs/assert-outputs-apart.ts';
import { assertWritable } from '../runs/assert-writable.ts';
import { upscaleOperation } from '../upscale/upscale-operation.ts';
import { assertEncoder } from '../video/assert-encoder.ts';
import { assertModel, modelScaleNotices } from '../video/assert-model.ts';
import { isPicture, planClip } from '../video/plan-clip.ts';
import { pictureNotices } from '../video/plan-pictures.ts';
import { pinned } from '../video/source-of.ts';
import type { VideoOperation } from '../video/video-types.ts';
import type { VideoSetRequest } from './set-types.ts';

/** Everything a run over several videos will do, as far as it can be seen without reading them through. */
export interface VideoSetPlan
  extends Pick<
    VideoSetCheckpoint,
    'inputs' | 'suffix' | 'settings' | 'encoding' | 'model' | 'videos' | 'ignored' | 'notices' | 'scan_ms'
  > {
  /** What the outputs may take, in bytes, about. */
  readonly expectedBytes: number;
  /** Of the disk of the outputs; null where that is not known. */
  readonly freeBytes: number | null;
}

/** A file of the set with its name below the folder of the outputs. */
interface NamedSource extends ListedFile {
  readonly name: string;
}

/** How much a video grows in bytes when its sides do, as a power: a guess. */
const growth = 1.4;

/** What is noted where every video is skipped: none is encoded. */
const usualX264 = { crf: 18, preset: 'medium' };

/** Notices about videos that are shown one by one; the report has all. */
const maxNotices = 12;

/**
 * Finds the videos, looks at each, and decides where each goes. Changes nothing.
 *
 * @throws AppError `usage-invalid` for outputs that would be written over each other or over a source; `input-missing`.
 */
export async function planVideoSet(
  request: VideoSetRequest,
  ports: Ports,
  observer: Pick<VideoSetObserver, 'onPlanned'>,
  signal: AbortSignal,
): Promise<VideoSetPlan> {
  const startedMs = ports.clock.now();
  const { outputDir, modelPath, host, suffix, inputs } = request;
  if ((await ports.sources.exists(outputDir)) && !(await ports.sources.isFolder(outputDir)))
    throw usageError(
      `The output ${outputDir} is a file.`,
      'Several videos need a folder: name one with --output.',
    );
  await assertWritable([outputFolder(outputDir, '--output')], ports);
  const operation = upscaleOperation({ ...request, inputPath: '', outputPath: outputDir }, ports);
  const { modelUse } = operation;
  const tried =
    modelPath === null || modelUse === null
      ? null
      : await assertModel(modelPath, modelUse, host, ports, signal);
  const model = modelPath === null ? null : pinned(await ports.sources.identify(modelPath, null, signal));
  const { sources, ignored } = await findSources(request, ports);
  const names =
    request.outputName === undefined
      ? nameOutputs(sources, suffix, operation.encoding)
      : [request.outputName];
  const outputs = names.map((name) => join(outputDir, ...name.split('/')));
  await assertApart(outputDir, sources, outputs, ports);
  let done = 0;
  const inspected = await pMap(
    sources,
    async (source, at) => {
      const found = await inspectSource(source, outputs[at] ?? '', {
        request,
        operation,
        tried,
        ports,
        signal,
      });
      done += 1;
      observer.onPlanned(done, sources.length);
      return found;
    },
    { concurrency: ports.parallelism },
  );
  const videos = inspected.map(({ planned }) => planned);
  if (!videos.some(({ failure, is_skipped: isSkipped }) => failure === null || isSkipped))
    throw nothingToDo(videos);
  return {
    ...{ inputs: [...inputs], suffix, model, videos, ignored },
    settings: await settingsOf(operation, model, inspected),
    encoding: encodingConfigSchema.parse(operation.encoding),
    notices: noticesOf(inspected),
    scan_ms: Math.max(0, Math.round(ports.clock.now() - startedMs)),
    expectedBytes: Math.round(inspected.reduce((sum, { expectedBytes }) => sum + expectedBytes, 0)),
    freeBytes: await ports.sources.freeBytes(outputDir),
  };
}

/** As the first of them is encoded; each one's own plan has its own. */
async function settingsOf(
  operation: VideoOperation,
  model: PinnedFile | null,
  inspected: readonly InspectedSource[],
) {
  const encoding = inspected.find((source) => source.encoding !== null)?.encoding;
  const { crf, preset } = usualX264;
  const settings = await operation.settingsFor(model, encoding ?? { crf, preset });
  if (!('scale' in settings.engine)) throw new TypeError('settings of another kind of run');
  return settings as VideoSetCheckpoint['settings'];
}

/** The videos, each once, and the names of what is none. A file that is given by itself is taken as a video. */
async function findSources({ inputs, outputDir }: VideoSetRequest, ports: Pick<Ports, 'sources'>) {
  const sources = new Map<string, NamedSource>();
  const ignored: string[] = [];
  const folders = [];
  for (const input of inputs) if (await ports.sources.isFolder(input)) folders.push(input);
  for (const input of inputs) {
    const isFolder = folders.includes(input);
    // Outputs of an earlier run are no sources.
    const found = await ports.sources.find(input, new Set([outputDir]));
    for (const file of found) {
      const below = isFolder ? relative(input, file.path).split(sep).join('/') : basename(file.path);
      // Of several folders each keeps its own name.
      const name = isFolder && folders.length > 1 ? `${basename(input)}/${below}` : below;
      const isFolderGone = file.problem !== null && mediaKindOf(file.path) === 'other';
      if (!isFolder || isFolderGone || mediaKindOf(file.path) !== 'other')
        sources.set(file.path, { ...file, name });
      else ignored.push(name);
    }
  }
  if (sources.size === 0) {
    const where = inputs.join(', ');
    throw usageError(
      `There is neither a video nor a picture in ${where}.`,
      'Videos and pictures are found by their endings, such as .mp4, .mkv and .png; a file with another one is taken when it is named itself.',
    );
  }
  return { sources: [...sources.values()], ignored };
}

async function assertApart(
  folder: string,
  sources: readonly NamedSource[],
  outputs: readonly string[],
  ports: Ports,
) {
  await assertOutputsApart(
    {
      ...{ folder, flag: '--output' },
      names: lazily(outputs, (output) => [relative(folder, output)]),
      outputs: lazily(outputs, (path, at) => [{ path, what: `The output of ${sources[at]?.name ?? ''}` }]),
      sources: lazily(sources, ({ path, name }) => [{ path, what: `the video ${name}` }]),
    },
    ports,
  );
}

interface InspectContext {
  readonly request: VideoSetRequest;
  readonly operation: VideoOperation;
  /** What was found out about the model. */
  readonly tried: TriedModel | null;
  readonly ports: Ports;
  readonly signal: AbortSignal;
}

interface InspectedSource {
  readonly planned: VideoOfPlan;
  readonly notices: readonly string[];
  /** What the output may take. */
  readonly expectedBytes: number;
  /** How it is to be encoded; null where it is not upscaled. */
  readonly encoding: EncodingChoice['encoding'] | null;
}

async function inspectSource(
  { path, name, sizeBytes, modifiedMs, problem }: NamedSource,
  output: string,
  { request, operation, tried, ports, signal }: InspectContext,
): Promise<InspectedSource> {
  const known = { input: path, name, output, size_bytes: sizeBytes, modified_ms: modifiedMs };
  const nothing = { frames: null, target: null, failure: null, is_skipped: false };
  if (!request.isForced && (await ports.sources.exists(output)))
    return {
      planned: { ...known, ...nothing, is_skipped: true },
      notices: [],
      expectedBytes: 0,
      encoding: null,
    };
  try {
    if (problem !== null) throw unreadable(path, problem);
    const facts = await ports.video.inspect(path, signal);
    const isPicturePlanned = isPicture(facts);
    const asked = isPicturePlanned
      ? { ...operation, encoding: pictureEncoding(facts.video.pixelFormat) }
      : operation;
    if (isPicturePlanned !== isPictureName(output)) throw notOfOneKind(path, output, isPicturePlanned);
    const container = containerOf(output) ?? 'mkv';
    const { clip, notices, encoding } = planClip(facts, container, asked);
    assertEncodingFits(asked.encoding, container);
    await assertEncoder(request.host, clip, encoding, ports, signal);
    const left = planStreams(facts, container).flatMap(({ why }) => (why === null ? [] : [why]));
    const { width, height } = clip.target;
    return {
      planned: {
        ...{ ...known, ...nothing, target: { width, height } },
        ...(isPicturePlanned
          ? { frames: 1, is_picture: true }
          : { frames: framesOf(facts), ...rateOf(facts) }),
      },
      notices: [
        ...modelScaleNotices(tried, clip, request.modelPath),
        ...(isPicturePlanned ? pictureNotices(facts, output) : notices),
        ...left,
      ].map((text) => `${name}: ${text}`),
      expectedBytes: sizeBytes * (width / clip.frame.width) ** growth,
      encoding,
    };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof AppError) || error.code === 'prerequisite-missing') throw error;
    const failure = { code: error.code, message: error.message, next_step: error.nextStep ?? playIt };
    return { planned: { ...known, ...nothing, failure }, notices: [], expectedBytes: 0, encoding: null };
  }
}

function notOfOneKind(path: string, output: string, isPictureFile: boolean): AppError {
  return isPictureFile
    ? usageError(
        `${path} is a picture, and ${output} is no name of one.`,
        'Name the output .png, .jpg or .webp, or a folder.',
      )
    : usageError(`${path} is no picture, and ${output} is the name of one.`, 'Name the output .mp4 or .mkv.');
}

const playIt = 'Play the video to see whether it is damaged.';

function unreadable(path: string, problem: string): AppError {
  return new AppError({
    code: 'input-missing',
    message: `${path} cannot be read: ${problem}.`,
    nextStep: 'Check the path and its permissions.',
  });
}

function framesOf({ durationSeconds, video }: VideoFacts): number | null {
  return durationSeconds === null
    ? null
    : Math.max(1, Math.round(durationSeconds * fractionValue(video.frameRate)));
}

function rateOf({ video }: VideoFacts): Pick<VideoOfPlan, 'frames_per_second'> {
  const rate = fractionValue(video.frameRate);
  return rate > 0 ? { frames_per_second: rate } : {};
}

function noticesOf(inspected: readonly InspectedSource[]): string[] {
  const all = inspected.flatMap(({ notices }) => notices);
  const more = all.length - maxNotices;
  return more > 1
    ? [...all.slice(0, maxNotices), `${more} more notices of this sort are in the reports of the videos.`]
    : all;
}

/** Not one of them can be upscaled. */
function nothingToDo([first, second]: readonly VideoOfPlan[]): AppError {
  const { message = '', next_step: nextStep = playIt } = first?.failure ?? {};
  return new AppError({
    code: 'video-unreadable',
    message: second ? `None of the files can be upscaled. The first one: ${message}` : message,
    nextStep,
  });
}
