import { asFileUrl, guardedInputOptions } from '../../ffmpeg/input-options.ts';
import { movieTimescaleFor } from '../../mp4/movie-timescale.ts';
import { type Cover, coverStreams } from './covers.ts';
import type { SkeletonRequest } from './skeleton-request.ts';

const formats = { mp4: 'mp4', mov: 'mov', mkv: 'matroska' } as const;

/** Tags of a video stream that were true of the source's frames alone. */
const staleTag = /^(BPS|DURATION|NUMBER_OF_(FRAMES|BYTES)|SOURCE_ID|_STATISTICS_.*|ENCODER|ROTATE)(-\w+)?$/i;

/**
 * The ffmpeg arguments that write everything of the output but all frames after the first: the other streams, chapters
 * and tags of the source, in its order. Times keep what they are but for the shift: no start is guessed.
 */
export function skeletonArguments(
  request: SkeletonRequest,
  covers: readonly Cover[],
  targetPath: string,
): readonly string[] {
  const { source, container, presentation, firstPath } = request;
  const streams = outputStreams(request);
  const { color } = source.facts.video;
  const isColored = [color.space, color.primaries, color.transfer].some((tag) => tag !== null);
  return [
    ...['-nostdin', '-v', 'error', '-y', '-copyts'],
    ...inputArguments(firstPath, Math.round(presentation.firstSeconds * 1e6)),
    ...inputArguments(source.path, presentation.shiftUs),
    ...streams.flatMap(({ input }) => ['-map', input]),
    ...['-c', 'copy', '-copyinkf', '-map_metadata', '1', '-map_chapters', '1'],
    ...streams.flatMap((stream, output) =>
      stream.options.flatMap(([name, value]) => [`${name}:${output}`, value]),
    ),
    ...streams.flatMap(({ source: index }, output) => [`-map_metadata:s:${output}`, `1:s:${index}`]),
    ...staleTags(request, streams),
    ...covers.flatMap((cover, index) => attachArguments(cover, streams.length + index)),
    ...['-bitexact', '-strict', 'experimental', '-max_muxing_queue_size', '65536'],
    ...(container === 'mkv' ? [] : ['-movie_timescale', String(movieTimescaleFor(presentation.timeBase))]),
    ...(container === 'mkv' || !isColored ? [] : ['-movflags', '+write_colr']),
    ...['-f', formats[container], asFileUrl(targetPath)],
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

function outputStreams(request: SkeletonRequest): readonly OutputStream[] {
  const { source, plans, marks } = request;
  const { index } = source.facts.video;
  const dispositionOf = (stream: number) =>
    marks.find((mark) => mark.index === stream)?.dispositions.join('+') || '0';
  const video: OutputStream = {
    input: '0:v:0',
    source: index,
    options: [['-disposition', dispositionOf(index)]],
  };
  const attached = coverStreams(request);
  const others = plans
    .filter((plan) => plan.action !== 'drop' && !attached.includes(plan.index))
    .map((plan): OutputStream => {
      const codec = plan.action === 'convert' && plan.codec ? [['-c', plan.codec] as const] : [];
      return {
        input: `1:${plan.index}`,
        source: plan.index,
        options: [...codec, ['-disposition', dispositionOf(plan.index)]],
      };
    });
  return [video, ...others].sort((a, b) => a.source - b.source);
}

function attachArguments({ path, name, mimeType }: Cover, output: number): readonly string[] {
  const tags = [`filename=${name}`, `mimetype=${mimeType}`];
  return ['-attach', asFileUrl(path), ...tags.flatMap((tag) => [`-metadata:s:${output}`, tag])];
}

function staleTags({ source, marks }: SkeletonRequest, streams: readonly OutputStream[]): string[] {
  const { index } = source.facts.video;
  const output = streams.findIndex((stream) => stream.source === index);
  const names = marks.find((mark) => mark.index === index)?.tagNames ?? [];
  return names.filter((name) => staleTag.test(name)).flatMap((name) => [`-metadata:s:${output}`, `${name}=`]);
}

/** A file all of whose times are moved. */
function inputArguments(path: string, shiftUs: number): readonly string[] {
  return ['-itsoffset', secondsText(shiftUs), ...guardedInputOptions, '-i', asFileUrl(path)];
}

/** Whole microseconds as ffmpeg takes times. */
function secondsText(us: number): string {
  return (us / 1e6).toFixed(6);
}
