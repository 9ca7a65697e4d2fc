import { formatLimits, type OutputContainer, type StreamLimits } from './container-limits.ts';
import { chooseSound, namedStream, type PlannedSound, soundWays, type TriedSound } from './convert-sound.ts';
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
  /** What the output's sound has to be; null where it is not sound, or the same packets say it. */
  readonly sound: PlannedSound | null;
}

/**
 * What the output container makes of each other stream of the source, in the source's order. A cover picture that is
 * copied stays a cover picture: in Matroska that is an attached file. How sound is converted is the first thought until
 * it was tried: see {@link planSound}.
 */
export function planStreams(facts: VideoFacts, container: OutputContainer): StreamPlan[] {
  return facts.others.map((stream) => ({
    index: stream.index,
    type: stream.type,
    sound: null,
    ...planStream(stream, container, facts.chapters.length > 0),
  }));
}

/** The plan of a stream of sound by what was tried of it; null when there is no way to keep it. */
export function planSound(
  stream: OtherStreamFacts,
  container: OutputContainer,
  tried: readonly TriedSound[],
): StreamPlan | null {
  const chosen = chooseSound(stream, container, tried);
  if (!chosen) return null;
  const { index, type } = stream;
  const isCopied = chosen.codec === 'copy';
  return {
    ...chosen,
    index,
    type,
    action: isCopied ? 'copy' : 'convert',
    codec: isCopied ? null : chosen.codec,
  };
}

type Fate = Pick<StreamPlan, 'action' | 'codec' | 'why'>;

function planStream(stream: OtherStreamFacts, container: OutputContainer, hasChapters: boolean): Fate {
  const limits = formatLimits[container];
  if (stream.type === 'video') return planVideo(stream, limits);
  if (stream.type === 'audio') return planAudio(stream, container);
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

function planAudio(stream: OtherStreamFacts, container: OutputContainer): Fate {
  const limits = formatLimits[container];
  if (limits.audio.test(stream.codec)) return copy;
  const [way] = /^(none|unknown|)$/.test(stream.codec) ? [] : soundWays(stream, container);
  if (!way) return drop(stream, limits, 'cannot hold sound of an unknown kind');
  return convert(stream, limits, way.codec, way.label);
}

function planSubtitle(stream: OtherStreamFacts, limits: StreamLimits): Fate {
  if (limits.subtitles.test(stream.codec)) return copy;
  if (readableSubtitles.test(stream.codec)) {
    return convert(stream, limits, limits.textSubtitles.codec, limits.textSubtitles.label);
  }
  return drop(stream, limits, 'cannot hold this kind of subtitles');
}

/** Subtitles that are text and that ffmpeg can decode. */
const readableSubtitles =
  /^(subrip|srt|ass|ssa|webvtt|mov_text|text|microdvd|jacosub|mpl2|pjs|realtext|sami|stl|subviewer1?|vplayer|eia_608)$/;

const copy: Fate = { action: 'copy', codec: null, why: null };

function convert(stream: OtherStreamFacts, limits: StreamLimits, codec: string, label: string): Fate {
  const why = `${namedStream(stream)} is converted to ${label}: ${limits.name} cannot hold ${stream.codec}`;
  return { action: 'convert', codec, why };
}

function drop(stream: OtherStreamFacts, limits: StreamLimits, reason: string): Fate {
  return { action: 'drop', codec: null, why: `${namedStream(stream)} is left out: ${limits.name} ${reason}` };
}
