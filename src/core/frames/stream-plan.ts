import { formatLimits, type OutputContainer, type StreamLimits } from './container-limits.ts';
import type { OtherStreamFacts, VideoFacts } from './video-facts.ts';

/** What becomes of one of the source's streams besides the video that is upscaled. */
export interface StreamPlan {
  readonly index: number;
  readonly type: OtherStreamFacts['type'];
  /** `copy`: the same packets. `convert`: the same content in another codec. `drop`: it is not in the output. */
  readonly action: 'copy' | 'convert' | 'drop';
  /** ffmpeg's name of the encoder to convert with; null unless converted. */
  readonly codec: string | null;
  /** What the user has to know about it; null where nothing is lost. */
  readonly why: string | null;
}

/**
 * What the output container makes of each other stream of the source, in the source's order. A cover picture that is
 * copied stays a cover picture: in Matroska that is an attached file.
 */
export function planStreams(facts: VideoFacts, container: OutputContainer): StreamPlan[] {
  const limits = formatLimits[container];
  return facts.others.map((stream) => ({
    index: stream.index,
    type: stream.type,
    ...planStream(stream, limits, facts.chapters > 0),
  }));
}

type Fate = Pick<StreamPlan, 'action' | 'codec' | 'why'>;

function planStream(stream: OtherStreamFacts, limits: StreamLimits, hasChapters: boolean): Fate {
  if (stream.type === 'video') return planVideo(stream, limits);
  if (stream.type === 'audio') return planAudio(stream, limits);
  if (stream.type === 'subtitle') return planSubtitle(stream, limits);
  if (stream.type === 'attachment') {
    return limits.hasAttachments ? copy : drop(stream, limits, 'cannot hold attached files');
  }
  // QuickTime keeps chapters as a track of text, too; they come along as chapters.
  if (stream.codec === 'text' && hasChapters) return { action: 'drop', codec: null, why: null };
  return limits.data.test(stream.codec) ? copy : drop(stream, limits, 'cannot hold this data');
}

function planVideo(stream: OtherStreamFacts, limits: StreamLimits): Fate {
  if (stream.isAttachedPicture) {
    return limits.pictures.test(stream.codec) ? copy : drop(stream, limits, 'cannot hold this cover picture');
  }
  return limits.video.test(stream.codec) ? copy : drop(stream, limits, 'cannot hold this kind of video');
}

/** Sound is never lost where ffmpeg can decode it: without loss it stays without loss. */
function planAudio(stream: OtherStreamFacts, limits: StreamLimits): Fate {
  if (limits.audio.test(stream.codec)) return copy;
  if (/^(none|unknown|)$/.test(stream.codec))
    return drop(stream, limits, 'cannot hold sound of an unknown kind');
  const { codec, label } = losslessAudio.test(stream.codec) ? limits.losslessAudio : limits.lossyAudio;
  return convert(stream, limits, codec, label);
}

function planSubtitle(stream: OtherStreamFacts, limits: StreamLimits): Fate {
  if (limits.subtitles.test(stream.codec)) return copy;
  if (readableSubtitles.test(stream.codec)) {
    return convert(stream, limits, limits.textSubtitles.codec, limits.textSubtitles.label);
  }
  return drop(stream, limits, 'cannot hold this kind of subtitles');
}

const losslessAudio =
  /^(pcm_.*|flac|alac|truehd|mlp|wavpack|tta|ape|als|shorten|tak|ralf|wmalossless|s302m)$/;

/** Subtitles that are text and that ffmpeg can decode. */
const readableSubtitles =
  /^(subrip|srt|ass|ssa|webvtt|mov_text|text|microdvd|jacosub|mpl2|pjs|realtext|sami|stl|subviewer1?|vplayer|eia_608)$/;

const copy: Fate = { action: 'copy', codec: null, why: null };

function convert(stream: OtherStreamFacts, limits: StreamLimits, codec: string, label: string): Fate {
  const why = `${named(stream)} is converted to ${label}: ${limits.name} cannot hold ${stream.codec}`;
  return { action: 'convert', codec, why };
}

function drop(stream: OtherStreamFacts, limits: StreamLimits, reason: string): Fate {
  return { action: 'drop', codec: null, why: `${named(stream)} is left out: ${limits.name} ${reason}` };
}

/** `the subtitle stream 3 (eng, hdmv_pgs_subtitle)`. */
function named({ index, type, codec, language, isAttachedPicture }: OtherStreamFacts): string {
  const kind = isAttachedPicture ? 'cover picture' : type === 'attachment' ? 'attachment' : `${type} stream`;
  const details = [language, codec].filter((detail) => detail !== null && detail !== '').join(', ');
  return `the ${kind} ${index}${details ? ` (${details})` : ''}`;
}
