import type { OutputContainer } from '../../../core/frames/container-limits.ts';
import type { StreamPlan } from '../../../core/frames/stream-plan.ts';
import type { VideoFacts } from '../../../core/frames/video-facts.ts';
import { type FfmpegOptions, readText } from '../../ffmpeg/run-ffmpeg.ts';
import { sourceInput, sourceOptions } from '../../ffmpeg/source-file.ts';

/** MD5 of no bytes. */
const hashOfNothing = 'd41d8cd98f00b204e9800998ecf8427e';

/** A stream whose packets, or samples when they are decoded, have to be the same in the source and in the skeleton. */
export interface HashedStream {
  readonly source: number;
  /** Where it is in the skeleton, as `-map` takes it: the n-th of its type. */
  readonly specifier: string;
  readonly isAac: boolean;
  readonly isDecoded: boolean;
}

/** Subtitles whose packets no container that takes them changes. */
const plainSubtitles = /^(subrip|srt|ass|ssa)$/;

/**
 * The streams that can be compared: all sound that is copied or converted without loss, and copied subtitles that are
 * text. What is left may be the same
 * and yet be wrapped in another way, as further videos and bitmaps of broadcasts are; MP4 also notes where there is no
 * subtitle.
 */
export function hashedStreams(
  facts: VideoFacts,
  plans: readonly StreamPlan[],
  container: OutputContainer,
): readonly HashedStream[] {
  const codecOf = (stream: number) => facts.others.find(({ index }) => index === stream)?.codec ?? '';
  const kept = plans.filter(({ action }) => action !== 'drop');
  const numbered = (type: StreamPlan['type'], letter: string) =>
    kept
      .filter((plan) => plan.type === type)
      .map((plan, index) => ({ plan, specifier: `${letter}:${index}`, codec: codecOf(plan.index) }));
  const subtitles = container === 'mkv' ? numbered('subtitle', 's') : [];
  return [...numbered('audio', 'a'), ...subtitles.filter(({ codec }) => plainSubtitles.test(codec))]
    .filter(({ plan }) => plan.action === 'copy' || plan.sound?.isLossless === true)
    .map(({ plan, specifier, codec }) => {
      const isDecoded = plan.action === 'convert';
      return { source: plan.index, specifier, isDecoded, isAac: codec === 'aac' && !isDecoded };
    });
}

/** The ffmpeg arguments that write a line with a hash for each of these: of all packets or samples, one after the other. */
export function hashArguments<T extends Pick<HashedStream, 'isAac' | 'isDecoded'>>(
  streams: readonly T[],
  inputOf: (stream: T) => string,
): readonly string[] {
  return [
    ...streams.flatMap((stream) => ['-map', inputOf(stream)]),
    ...['-c', 'copy', '-copyinkf'],
    // Longer than all samples that decoders give, so that none of them is rounded.
    ...streams.flatMap(({ isDecoded }, output) => (isDecoded ? [`-c:${output}`, 'pcm_f64le'] : [])),
    // Some containers put a header before each packet of AAC, others say the same once.
    ...streams.flatMap(({ isAac }, output) => (isAac ? [`-bsf:${output}`, 'aac_adtstoasc'] : [])),
    ...['-f', 'streamhash', '-hash', 'md5', 'pipe:1'],
  ];
}

/** Hashes of streams of a file, one for each that has packets: of all of them, one after the other. */
export async function readStreamHashes(
  path: string,
  streams: readonly Omit<HashedStream, 'source'>[],
  { doing, workBytes }: { readonly doing: string; readonly workBytes: number },
  options: FfmpegOptions,
): Promise<readonly string[]> {
  const text = await readText({
    ...options,
    program: 'ffmpeg',
    arguments: [
      ...['-nostdin', '-v', 'error', ...sourceOptions, ...sourceInput(path)],
      ...hashArguments(streams, ({ specifier }) => `0:${specifier}?`),
    ],
    doing,
    workBytes,
  });
  return hashesOf(text);
}

/** The hashes in what {@link hashArguments} lets ffmpeg write: some containers leave out streams without a packet. */
export function hashesOf(lines: string): readonly string[] {
  return lines
    .split('\n')
    .map((line) => line.split(',')[2] ?? '')
    .filter((hash) => hash !== '' && !hash.endsWith(hashOfNothing));
}
