import { formatLimits, type OutputContainer } from './container-limits.ts';
import type { OtherStreamFacts, SoundFacts } from './video-facts.ts';

/** What an output's stream of sound has to be. */
export interface PlannedSound extends Pick<SoundFacts, 'channels' | 'layout' | 'sampleRate'> {
  /** It was converted, and yet its samples are those of the source. */
  readonly isLossless: boolean;
}

/** By ffmpeg's name: how a stream of sound may come into an output. */
export interface SoundWay {
  /** An encoder, or `copy`. */
  readonly codec: string;
  /** The usual name of what it makes. */
  readonly label: string;
  /** The longest samples that it keeps; 0 for one that keeps none. */
  readonly maxBits: number;
}

/** What came of the beginning of a stream's sound in another codec, or copied, in the output's container. */
export type SoundTrial =
  | (Omit<PlannedSound, 'isLossless'> & { readonly isEqual: boolean })
  | {
      /** Why ffmpeg could not make it. */
      readonly failure: string;
    };

export interface TriedSound {
  readonly way: SoundWay;
  readonly trial: SoundTrial;
}

const copied: SoundWay = { codec: 'copy', label: '', maxBits: 0 };
const alac: SoundWay = { codec: 'alac', label: 'ALAC', maxBits: 24 };
const flac: SoundWay = { codec: 'flac', label: 'FLAC', maxBits: 24 };
const aac: SoundWay = { codec: 'aac', label: 'AAC', maxBits: 0 };
const opus: SoundWay = { codec: 'libopus', label: 'Opus', maxBits: 0 };
const vorbis: SoundWay = { codec: 'libvorbis', label: 'Vorbis', maxBits: 0 };

/** Besides PCM, which takes most room. Later versions of ffmpeg write that into MP4, too; few players take it. */
const lossless: Readonly<Record<OutputContainer, readonly SoundWay[]>> = {
  mp4: [alac, flac],
  mov: [alac],
  mkv: [flac],
  webm: [],
};
const losslessCodecs =
  /^(pcm_.*|flac|alac|truehd|mlp|wavpack|tta|ape|als|shorten|tak|ralf|wmalossless|s302m)$/;
const pcmNames: Readonly<Record<string, string>> = { u8: 'u8', s16: 's16le', flt: 'f32le', dbl: 'f64le' };

/**
 * How a stream that is not simply copied may come into the output, best first. What was without loss stays so where the
 * container has an encoder that keeps its samples; no sound is lost that ffmpeg can decode. Empty where nothing is to be
 * tried: codecs say themselves which channel is which, only of PCM the container has to.
 */
export function soundWays(
  { type, codec, sound }: OtherStreamFacts,
  container: OutputContainer,
): readonly SoundWay[] {
  if (type !== 'audio') return [];
  if (formatLimits[container].audio.test(codec))
    return codec.startsWith('pcm_') && (sound?.channels ?? 0) > 2 ? [copied] : [];
  if (container === 'webm') return [opus, vorbis];
  const isLossless = losslessCodecs.test(codec);
  // Lossy decoders give no samples that would be worth more than 16 bits.
  const all = [...lossless[container], ...(container === 'mp4' ? [] : [pcmOf(isLossless ? sound : null)])];
  if (!isLossless) return [aac, ...all];
  const keeping = all.filter(({ maxBits }) => maxBits >= bitsOf(sound));
  return [...keeping, ...all.filter((way) => !keeping.includes(way)), aac];
}

function pcmOf(sound: SoundFacts | null): SoundWay {
  const maxBits = bitsOf(sound);
  const name = pcmNames[formatOf(sound)] ?? (maxBits > 24 ? 's32le' : 's24le');
  return { codec: `pcm_${name}`, label: 'PCM', maxBits };
}

/** No encoder of whole numbers keeps the samples of ffmpeg's float formats. */
function bitsOf(sound: SoundFacts | null): number {
  const format = formatOf(sound);
  return format === 'flt' ? 33 : format === 'dbl' ? 65 : (sound?.bits ?? 16);
}

/** Whether samples lie one after the other or channel by channel makes no difference. */
function formatOf(sound: SoundFacts | null): string {
  return (sound?.sampleFormat ?? 's16').replace(/p$/, '');
}

/** Whether nothing is lost, so that nothing else has to be tried. */
export function isKeptWhole(stream: OtherStreamFacts, { way, trial }: TriedSound): boolean {
  return !('failure' in trial) && rankOf(stream, soundOf(stream, way, trial), way) === wholeRank;
}

/**
 * Of the tried ways the first that loses least, and what is to be said of it: `why` is null where nothing is lost of a
 * copy. Null when none works.
 */
export function chooseSound(
  stream: OtherStreamFacts,
  container: OutputContainer,
  tried: readonly TriedSound[],
): { readonly codec: string; readonly sound: PlannedSound; readonly why: string | null } | null {
  const working = tried.flatMap(({ way, trial }) => {
    if ('failure' in trial) return [];
    const sound = soundOf(stream, way, trial);
    return [{ way, sound, rank: rankOf(stream, sound, way) }];
  });
  const best = working.toSorted((a, b) => b.rank - a.rank)[0];
  if (!best) return null;
  const { way, sound } = best;
  return { codec: way.codec, sound, why: whyOf(stream, container, way, sound) };
}

/** A second that comes out equal, as silence does, proves nothing of an encoder with shorter samples. */
function soundOf(
  { codec, sound }: OtherStreamFacts,
  { maxBits }: SoundWay,
  { isEqual, ...kept }: Exclude<SoundTrial, { failure: string }>,
): PlannedSound {
  return { ...kept, isLossless: isEqual && losslessCodecs.test(codec) && maxBits >= bitsOf(sound) };
}

const wholeRank = 15;

/** Channels count most, then their speakers, then their samples, then how many there are in a second. */
function rankOf({ codec, sound }: OtherStreamFacts, kept: PlannedSound, way: SoundWay): number {
  const isLossless = way === copied || kept.isLossless || !losslessCodecs.test(codec);
  return (
    8 * Number(isUnknown(sound) || kept.channels === sound.channels) +
    4 * Number(isUnknown(sound) || speakersOf(kept) === speakersOf(sound)) +
    2 * Number(isLossless) +
    Number(isUnknown(sound) || kept.sampleRate === sound.sampleRate)
  );
}

function isUnknown(sound: SoundFacts | null): sound is null {
  return sound === null || sound.channels === 0;
}

/** Of channels of which nothing is said players know the speakers by their number. */
const usualLayouts: Readonly<Record<number, string>> = {
  1: 'mono',
  2: 'stereo',
  3: '2.1',
  4: '4.0',
  5: '5.0',
  6: '5.1',
  7: '6.1',
  8: '7.1',
  16: 'hexadecagonal',
};
/** The same speakers, which some formats call the ones at the sides and others those at the back. */
const sideLayouts = /^(5\.[01])\(side\)$/;

/** The speakers that channels belong to, the same ones always by the same name. */
function speakersOf({ channels, layout }: Pick<SoundFacts, 'channels' | 'layout'>): string {
  return (layout ?? usualLayouts[channels] ?? 'no known layout').replace(sideLayouts, '$1');
}

/** How many channels an encoder is to be asked for; null where the decoder tells it which they are. */
export function channelsToAskFor(sound: SoundFacts | null): number | null {
  if (isUnknown(sound)) return null;
  return sound.layout === null || sideLayouts.test(sound.layout) ? sound.channels : null;
}

function whyOf(
  stream: OtherStreamFacts,
  container: OutputContainer,
  way: SoundWay,
  sound: PlannedSound,
): string | null {
  const { name } = formatLimits[container];
  const losses = lossesOf(stream, way, sound);
  if (way === copied) {
    const how = `is copied with ${losses.join(', ')}: ${name} cannot store more of ${stream.codec}`;
    return losses.length === 0 ? null : `${namedStream(stream)} ${how}`;
  }
  const label = sound.isLossless ? `${way.label}, which is lossless` : way.label;
  const isHeldByMkv = losses.length > 0 && formatLimits.mkv.audio.test(stream.codec);
  const advice = isHeldByMkv ? `; .mkv holds it` : '';
  const how = `is converted to ${[label, ...losses].join(', ')}: ${name} cannot hold ${stream.codec}`;
  return `${namedStream(stream)} ${how}${advice}`;
}

function lossesOf({ codec, sound: before }: OtherStreamFacts, way: SoundWay, sound: PlannedSound): string[] {
  const isLossy = way !== copied && losslessCodecs.test(codec) && !sound.isLossless;
  const lossy = way.maxBits === 0 ? 'which is lossy' : `which keeps ${way.maxBits} bits of a sample`;
  const losses = isLossy ? [lossy] : [];
  if (isUnknown(before)) return losses;
  if (sound.channels !== before.channels) {
    losses.push(`${sound.channels} channels instead of ${before.channels}`);
  } else if (speakersOf(sound) !== speakersOf(before)) {
    losses.push(`its channels as ${speakersOf(sound)} instead of ${speakersOf(before)}`);
  }
  if (sound.sampleRate !== before.sampleRate)
    losses.push(`${sound.sampleRate} Hz instead of ${before.sampleRate} Hz`);
  return losses;
}

/** `the subtitle stream 3 (eng, hdmv_pgs_subtitle)`. */
export function namedStream({ index, type, codec, language, isAttachedPicture }: OtherStreamFacts): string {
  const kind = isAttachedPicture ? 'cover picture' : type === 'attachment' ? 'attachment' : `${type} stream`;
  const details = [language, codec].filter((detail) => detail !== null && detail !== '').join(', ');
  return `the ${kind} ${index}${details ? ` (${details})` : ''}`;
}
