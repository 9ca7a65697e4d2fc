import { keptColor } from '../../../core/frames/choose-frame-formats.ts';
import { isMatroska, type OutputContainer } from '../../../core/frames/container-limits.ts';
import { channelsToAskFor } from '../../../core/frames/convert-sound.ts';
import type { Fraction } from '../../../core/frames/fraction.ts';
import type { StreamPlan } from '../../../core/frames/stream-plan.ts';
import type { OtherStreamFacts, VideoFacts } from '../../../core/frames/video-facts.ts';
import type { AssemblyRequest } from '../../../ports/video-tool.ts';
import { asFileUrl, sourceInput, sourceOptions } from '../../ffmpeg/source-file.ts';
import { colorOptions } from '../../frames/color.ts';
import type { Presentation } from '../../muxing/presentation.ts';
import type { FileStream } from '../verification/file-facts.ts';
import { chapterFileOptions } from './chapters.ts';

export interface SkeletonRequest {
  readonly source: { readonly path: string; readonly facts: VideoFacts };
  readonly container: OutputContainer;
  readonly plans: readonly StreamPlan[];
  /** The source's streams as the file describes them. */
  readonly streams: readonly FileStream[];
  readonly presentation: Presentation;
  /** The chapters as a text for ffmpeg; null where they are the source's own. */
  readonly chapters: string | null;
  /** File of the first upscaled frame. */
  readonly firstPath: string;
  /** As {@link untoldColors}. */
  readonly colors: OutputStream['options'];
}

/** At least this many ticks a second, so that sound begins within a tenth of a millisecond of where it should. */
const leastTimescale = 10_000;

/** A cover picture in a file of its own, to be attached. */
export interface Cover {
  readonly path: string;
  /** The name by which players of Matroska find it. */
  readonly name: string;
  readonly mimeType: string;
}

/** Files of a skeleton's making that are gone afterwards. */
export interface SideFiles {
  readonly covers: readonly Cover[];
  /** Path of the text with the chapters. */
  readonly chapters: string | null;
}

/** By ffmpeg's names. */
export const muxerNames = { mp4: 'mp4', mov: 'mov', mkv: 'matroska', webm: 'webm' } as const;

/** Tags of a video stream that were true of the source's frames alone. */
const staleTag = /^(BPS|DURATION|NUMBER_OF_(FRAMES|BYTES)|SOURCE_ID|_STATISTICS_.*|ENCODER|ROTATE)(-\w+)?$/i;

/**
 * The ffmpeg arguments that write everything of the output but all frames after the first: the other streams, chapters
 * and tags of the source, in its order. Times keep what they are but for the shift: no start is guessed.
 */
export function skeletonArguments(
  request: SkeletonRequest,
  { covers, chapters }: SideFiles,
  targetPath: string,
): readonly string[] {
  const { source, container, presentation, firstPath } = request;
  const outputs = outputStreams(request);
  const color = keptColor(source.facts.video);
  const isColored = [color.space, color.primaries, color.transfer].some((tag) => tag !== null);
  return [
    ...['-nostdin', '-v', 'error', '-y', '-copyts'],
    ...inputArguments(firstPath, Math.round(presentation.firstSeconds * 1e6)),
    ...inputArguments(source.path, presentation.shiftUs),
    ...(chapters === null ? [] : [...chapterFileOptions, '-i', asFileUrl(chapters)]),
    ...outputs.flatMap(({ input }) => ['-map', input]),
    ...['-c', 'copy', '-copyinkf', '-map_metadata', '1', '-map_chapters', chapters === null ? '1' : '2'],
    ...outputs.flatMap((stream, output) =>
      stream.options.flatMap(([name, value]) => [`${name}:${output}`, value]),
    ),
    ...outputs.flatMap(({ source: index }, output) => [`-map_metadata:s:${output}`, `1:s:${index}`]),
    ...staleTags(request, outputs),
    ...covers.flatMap((cover, index) => attachArguments(cover, outputs.length + index)),
    ...['-bitexact', '-strict', 'experimental', '-max_muxing_queue_size', '65536'],
    ...(isMatroska(container) ? [] : ['-movie_timescale', String(movieTimescaleFor(presentation.timeBase))]),
    ...(isMatroska(container) || !isColored ? [] : ['-movflags', '+write_colr']),
    ...['-f', muxerNames[container], asFileUrl(targetPath)],
  ];
}

interface OutputStream {
  /** As `-map` takes it. */
  readonly input: string;
  /** Number of the stream in the source that it stands for. */
  readonly source: number;
  /** Options without and values, for this stream alone. */
  readonly options: readonly (readonly [name: string, value: string])[];
}

/** What the bytes of H.264 and HEVC say themselves of colours, and those of other codecs only in part: options of the stream. */
export function untoldColors({
  codec = 'h264',
  picture,
}: Pick<AssemblyRequest, 'codec' | 'picture'>): OutputStream['options'] {
  return picture === undefined || /^(h264|hevc)$/.test(codec) ? [] : colorOptions(picture);
}

function outputStreams(request: SkeletonRequest): readonly OutputStream[] {
  const { source, plans, streams } = request;
  const { index } = source.facts.video;
  const dispositionOf = (number: number) => {
    const dispositions = Object.entries(streams.find((stream) => stream.index === number)?.disposition ?? {});
    return dispositions.flatMap(([name, isSet]) => (isSet === 1 ? name : [])).join('+') || '0';
  };
  const video: OutputStream = {
    input: '0:v:0',
    source: index,
    options: [['-disposition', dispositionOf(index)], ...request.colors],
  };
  const attached = coverStreams(request);
  const others = plans
    .filter((plan) => plan.action !== 'drop' && !attached.includes(plan.index))
    .map((plan): OutputStream => {
      const stream = source.facts.others.find(({ index: other }) => other === plan.index);
      const codec = plan.action === 'convert' && plan.codec ? soundOptions(plan.codec, stream) : [];
      return {
        input: `1:${plan.index}`,
        source: plan.index,
        options: [...codec, ['-disposition', dispositionOf(plan.index)]],
      };
    });
  return [video, ...others].sort((a, b) => a.source - b.source);
}

/** How a stream is converted. Channels of which nothing is said are the usual ones: some encoders take no others. */
export function soundOptions(
  codec: string,
  stream: Pick<OtherStreamFacts, 'sound'> | undefined,
): readonly (readonly [name: string, value: string])[] {
  const channels = channelsToAskFor(stream?.sound ?? null);
  return [['-c', codec], ...(channels === null ? [] : [['-ac', String(channels)] as const])];
}

function attachArguments({ path, name, mimeType }: Cover, output: number): readonly string[] {
  const tags = [`filename=${name}`, `mimetype=${mimeType}`];
  return ['-attach', asFileUrl(path), ...tags.flatMap((tag) => [`-metadata:s:${output}`, tag])];
}

function staleTags({ source, streams }: SkeletonRequest, outputs: readonly OutputStream[]): string[] {
  const { index } = source.facts.video;
  const output = outputs.findIndex((stream) => stream.source === index);
  const names = Object.keys(streams.find((stream) => stream.index === index)?.tags ?? {});
  return names.filter((name) => staleTag.test(name)).flatMap((name) => [`-metadata:s:${output}`, `${name}=`]);
}

/** A file all of whose times are moved, by whole microseconds. */
function inputArguments(path: string, shiftUs: number): readonly string[] {
  return ['-itsoffset', (shiftUs / 1e6).toFixed(6), ...sourceOptions, ...sourceInput(path)];
}

/** Numbers of the source's streams that are cover pictures and stay; Matroska has them as attached files. */
export function coverStreams({
  source,
  plans,
  container,
}: Pick<SkeletonRequest, 'source' | 'plans' | 'container'>): readonly number[] {
  if (container !== 'mkv') return [];
  const pictures = source.facts.others.filter(({ isAttachedPicture }) => isAttachedPicture);
  const isKept = (index: number) => plans.some((plan) => plan.index === index && plan.action !== 'drop');
  return pictures.map(({ index }) => index).filter(isKept);
}

/** Ticks a second for a whole movie: a multiple of the video's own, so that the video's start and length are exact. */
function movieTimescaleFor({ denominator }: Fraction): number {
  return denominator * Math.max(1, Math.ceil(leastTimescale / denominator));
}
