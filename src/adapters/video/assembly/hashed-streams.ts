import type { OutputContainer } from '../../../core/frames/container-limits.ts';
import type { StreamPlan } from '../../../core/frames/stream-plan.ts';
import type { VideoFacts } from '../../../core/frames/video-facts.ts';

/** A stream whose packets have to be the same in the source and in the skeleton. */
export interface HashedStream {
  /** Number of the stream in the source. */
  readonly source: number;
  /** Where it is in the skeleton, as `-map` takes it: the n-th of its type. */
  readonly specifier: string;
  readonly isAac: boolean;
}

const letters: Partial<Record<StreamPlan['type'], string>> = { audio: 'a', subtitle: 's', video: 'V' };

/**
 * The copied streams whose packets can be compared. Cover pictures become something else in some containers, data
 * streams have no order that is kept, and MP4 notes also where there is no subtitle.
 */
export function hashedStreams(
  facts: VideoFacts,
  plans: readonly StreamPlan[],
  container: OutputContainer,
): readonly HashedStream[] {
  const pictures = new Set(facts.others.filter((other) => other.isAttachedPicture).map(({ index }) => index));
  const kept = plans.filter(({ action, index }) => action !== 'drop' && !pictures.has(index));
  return kept
    .filter(({ type, action }) => action === 'copy' && (type !== 'subtitle' || container === 'mkv'))
    .flatMap((plan) => {
      const letter = letters[plan.type];
      if (!letter) return [];
      const before = kept.filter(({ type, index }) => type === plan.type && index < plan.index).length;
      const isAfterVideo = plan.type === 'video' && plan.index > facts.video.index;
      const specifier = `${letter}:${before + (isAfterVideo ? 1 : 0)}`;
      const isAac = facts.others.some(({ index, codec }) => index === plan.index && codec === 'aac');
      return [{ source: plan.index, specifier, isAac }];
    });
}

/** The ffmpeg arguments that write a line with a hash for each of these: of all packets, one after the other. */
export function hashArguments(
  streams: readonly HashedStream[],
  inputOf: (stream: HashedStream) => string,
): readonly string[] {
  return [
    ...streams.flatMap((stream) => ['-map', inputOf(stream)]),
    ...['-c', 'copy', '-copyinkf'],
    // Some containers put a header before each packet of AAC, others say the same once.
    ...streams.flatMap(({ isAac }, output) => (isAac ? [`-bsf:${output}`, 'aac_adtstoasc'] : [])),
    ...['-f', 'streamhash', '-hash', 'md5', 'pipe:1'],
  ];
}
