import { containerOf, formatLimits, type OutputContainer } from '../../core/frames/container-limits.ts';
import { isKeptWhole, namedStream, soundWays, type TriedSound } from '../../core/frames/convert-sound.ts';
import { planSound, planStreams, type StreamPlan } from '../../core/frames/stream-plan.ts';
import type { OtherStreamFacts, VideoFacts } from '../../core/frames/video-facts.ts';
import type { VideoCheckpoint } from '../../core/video/video-checkpoint.ts';
import { AppError } from '../../errors/app-error.ts';
import type { Ports } from '../../ports/ports.ts';

/**
 * What becomes of each other stream of the source. Sound that has to be converted is converted here already, its first
 * second: what cannot work, and what gets lost, is known before a frame is made.
 *
 * @throws AppError `output-unsupported` for sound that the output cannot hold in any way.
 */
export async function planTriedStreams(
  path: string,
  facts: VideoFacts,
  container: OutputContainer,
  { video }: Pick<Ports, 'video'>,
  signal: AbortSignal,
): Promise<StreamPlan[]> {
  const plans: StreamPlan[] = [];
  for (const plan of planStreams(facts, container)) {
    const stream = facts.others.find(({ index }) => index === plan.index);
    const ways = stream && plan.action !== 'drop' ? soundWays(stream, container) : [];
    if (!stream || ways.length === 0) {
      plans.push(plan);
      continue;
    }
    const tried: TriedSound[] = [];
    for (const way of ways) {
      const trial = await video.trySound(path, stream, { container, codec: way.codec }, signal);
      tried.push({ way, trial });
      if (isKeptWhole(stream, { way, trial })) break;
    }
    const sound = planSound(stream, container, tried);
    if (!sound) throw soundRefused(path, stream, container, tried);
    plans.push(sound);
  }
  return plans;
}

function soundRefused(
  path: string,
  stream: OtherStreamFacts,
  container: OutputContainer,
  tried: readonly TriedSound[],
): AppError {
  const { name } = formatLimits[container];
  const [failure] = tried.flatMap(({ trial }) => ('failure' in trial ? [trial.failure] : []));
  const isHeldByMkv = container !== 'mkv' && formatLimits.mkv.audio.test(stream.codec);
  return new AppError({
    code: 'output-unsupported',
    message: `${name} cannot hold ${namedStream(stream)} of ${path}, and ffmpeg cannot convert it: ${failure ?? 'no conversion is known'}.`,
    nextStep: isHeldByMkv
      ? 'Use an output that ends in .mkv, which holds it as it is.'
      : `Make a copy of the video without it: ffmpeg -i VIDEO -map 0 -map -0:${stream.index} -c copy OTHER.mkv`,
  });
}

type StoredStreams = NonNullable<VideoCheckpoint['streams']>;

/** As the checkpoint keeps them. */
export function storedStreams(streams: readonly StreamPlan[]): StoredStreams {
  return streams.map(({ sound, ...plan }) => {
    if (sound === null) return { ...plan, sound };
    const { channels, layout, sampleRate, isLossless } = sound;
    return { ...plan, sound: { channels, layout, sample_rate: sampleRate, is_lossless: isLossless } };
  });
}

/** What was planned of the source's other streams; the checkpoint of an earlier version does not say it. */
export function plannedStreams(
  { streams, settings }: Pick<VideoCheckpoint, 'streams' | 'settings'>,
  facts: VideoFacts,
): StreamPlan[] {
  if (streams === undefined) return planStreams(facts, containerOf(settings.output) ?? 'mkv');
  return streams.map(({ sound, ...plan }) => {
    if (sound === null) return { ...plan, sound };
    const { channels, layout, sample_rate: sampleRate, is_lossless: isLossless } = sound;
    return { ...plan, sound: { channels, layout, sampleRate, isLossless } };
  });
}
