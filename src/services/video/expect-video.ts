import type { VideoCodec } from '../../core/encoding/codecs.ts';
import { codecOf, type EncodingSettings } from '../../core/encoding/encoding-settings.ts';
import { estimateVideo, type VideoEstimate, type VideoRates } from '../../core/frames/estimate.ts';
import { laneSettingsOf, type VideoSettings, videoFormatOf } from '../../core/video/video-checkpoint.ts';
import type { VideoPlan } from '../../core/video/video-plan.ts';
import { VideoRunState } from '../../core/video/video-run-state.ts';
import type { Ports } from '../../ports/ports.ts';
import { stateOf } from '../runs/resume-run.ts';
import type { StoredVideoRun, VideoTypes } from './video-types.ts';

/** How many of the last runs are read to find one that is like the plan. */
const runsRead = 20;

/**
 * About what x264 encodes on one core, in millions of pixels per second. `medium` and `veryfast` are what the clips of
 * `scripts/bench/upscale.ts` gave; the others are guessed from them. Used only until a run like this one was made.
 */
const usualRates: Readonly<Record<string, number>> = {
  ultrafast: 60,
  superfast: 45,
  veryfast: 33,
  faster: 22,
  fast: 17,
  medium: 12,
  slow: 8,
  slower: 4,
  veryslow: 2,
};

/** How quick the software encoders of other codecs are beside x264 with the same preset: guessed from short clips. */
const paceOf: Readonly<Record<VideoCodec, number>> = {
  h264: 1,
  hevc: 0.25,
  av1: 0.4,
  vp9: 0.15,
  prores: 1.5,
  ffv1: 2,
};

function usualRateOf(encoding: EncodingSettings): number {
  return (usualRates[encoding.preset] ?? usualRates['medium'] ?? 1) * paceOf[codecOf(encoding)];
}

/** How much a video grows in bytes when its sides do, as a power: a guess, replaced by the first run. */
const growth = 1.4;

/** Expected time and disk: by the last run like this one, else by what is usual. */
export async function expectVideo(
  plan: VideoPlan,
  ports: Pick<Ports, 'runs' | 'parallelism'>,
): Promise<VideoEstimate> {
  const { clip, timeline, segments, source } = plan;
  const rates = (await learnedRates(plan, ports)) ?? guessedRates(plan, ports.parallelism);
  return estimateVideo(
    {
      frames: timeline.times.length,
      uniqueFrames: timeline.uniqueFrames.length,
      frame: clip.frame,
      target: clip.target,
      // The sound is not known apart from the picture; it is part of what the guess of the picture grows from.
      otherBytes: 0,
      segments: segments.length,
    },
    { ...rates, bitsPerPixel: rates.bitsPerPixel ?? guessedBits(plan, source.size_bytes) },
  );
}

/** The rates of the newest finished run of the same engine, host and encoder; null when there is none. */
async function learnedRates(
  { kind: wanted, settings }: VideoPlan,
  { runs }: Pick<Ports, 'runs'>,
): Promise<VideoRates | null> {
  const listed = (await runs.list()).filter(({ kind }) => kind === wanted).slice(0, runsRead);
  for (const { folder } of listed) {
    const run = await runs.read(videoFormatOf(wanted), folder).catch(() => null);
    if (run && isLike(run.checkpoint.settings, settings)) {
      const rates = ratesOf(run);
      if (rates) return rates;
    }
  }
  return null;
}

function isLike(one: VideoSettings, other: VideoSettings): boolean {
  const identity = ({ host, slots, engine }: VideoSettings) => {
    const own = 'scale' in engine ? [engine.scale, engine.size, engine.tile, engine.is_lane_count_open] : [];
    const common = [engine.kind, engine.model, engine.batch_size, engine.lanes, engine.encoding];
    return JSON.stringify([host, slots, ...common, ...own]);
  };
  return identity(one) === identity(other);
}

/** Stages overlap, so the time of all of them together is a better measure than each one's. */
function ratesOf(run: StoredVideoRun): VideoRates | null {
  const state = stateOf<VideoTypes>({ newState: (checkpoint) => new VideoRunState(checkpoint) }, run);
  const finished = [...state.segments.values()].flatMap((segment) => segment.finished ?? []);
  const events = [...run.events];
  const began = events.find(({ type }) => type === 'batch-submitted')?.time;
  const ended = events.findLast(({ type }) => type === 'segment-finished')?.time;
  const { target } = run.checkpoint.clip;
  const seconds = (Date.parse(ended ?? '') - Date.parse(began ?? '')) / 1000;
  if (state.video === null || !(seconds > 1)) return null;
  const pixels = target.width * target.height * finished.reduce((sum, { unique_frames: n }) => sum + n, 0);
  const bits = 8 * finished.reduce((sum, { size_bytes: bytes }) => sum + bytes, 0);
  const rate = pixels / seconds;
  return { decode: rate, upscale: rate, encode: rate, bitsPerPixel: bits / pixels, segmentMs: 0 };
}

/** Nothing is said of a model, nor of another machine. */
function guessedRates({ settings }: VideoPlan, cores: number): VideoRates {
  const { engine, host } = settings;
  const isKnown = engine.model === null && host === 'local';
  const rate = isKnown ? 1e6 * usualRateOf(engine.encoding) * cores : null;
  return { decode: rate, upscale: rate, encode: rate, bitsPerPixel: null, segmentMs: 100 };
}

function guessedBits({ clip, timeline, settings }: VideoPlan, sourceBytes: number): number {
  const pixels = clip.target.width * clip.target.height * timeline.uniqueFrames.length;
  return (8 * sourceBytes * laneSettingsOf(settings.engine, clip).scale ** growth) / pixels;
}
