import { AppError, usageError } from '../../errors/app-error.ts';
import { formatLimits, type OutputContainer } from '../frames/container-limits.ts';
import type { PixelFamily } from '../frames/pixel-family.ts';
import type { Size } from '../hints/display-size.ts';
import { nearestWord } from '../nearest-word.ts';
import { type CodecChoice, codecFacts, codecLike, type VideoCodec, videoCodecs } from './codecs.ts';
import { optionProblem, optionsOf } from './encoder-options.ts';
import {
  type EncoderDevice,
  type EncoderFacts,
  type EncoderName,
  encoderFacts,
  encoders,
  encodersOf,
  type RateControl,
} from './encoders.ts';
import { bitsPerSecond, type EncodingConfig, type EncodingSettings } from './encoding-settings.ts';
import { isKeptBy, keptFormat } from './kept-format.ts';

/** What the video is, as far as it decides how it is encoded. */
export interface EncodedVideo {
  /** Of the source, by ffmpeg's name. */
  readonly codec: string;
  readonly family: PixelFamily;
  /** Of the result, in pixels. */
  readonly size: Size;
}

/** An encoder with everything that it is told. */
export interface EncodingChoice {
  readonly encoding: Omit<EncodingSettings, 'threads' | 'is_cpu_independent'>;
  readonly facts: EncoderFacts;
  /** Of the frames as they are encoded, by ffmpeg's name. */
  readonly pixelFormat: string;
  /** Sentences. */
  readonly notices: readonly string[];
}

/** What a config asks for before the video is known; null where only the source decides. */
export function askedCodec(
  { codec, encoder }: EncodingConfig,
  container: OutputContainer,
): VideoCodec | null {
  if (codec === 'copy-like') return null;
  if (codec !== 'auto') return codec;
  return encoderFacts(encoder)?.codec ?? (container === 'webm' ? 'vp9' : 'h264');
}

/**
 * Refuses what cannot work whatever the video is: a codec that the container does not hold, an encoder of another codec, two
 * ways to govern the size.
 *
 * @throws AppError `usage-invalid`; `output-unsupported` for a codec that the container cannot hold.
 */
export function assertEncodingFits(config: EncodingConfig, container: OutputContainer): void {
  const codec = askedCodec(config, container);
  const ways = rateControls(config);
  if (ways.length > 1)
    throw usageError(
      `--${ways[0]} and --${ways[1]} are both given, and only one can govern the size.`,
      'Leave one of them out.',
    );
  if (codec === null) return;
  assertHeld(codec, container, config.codec);
  const facts = encoders[encoderFor(config, codec, null)];
  assertRate(config, facts, codec);
  assertPreset(config, facts);
  assertOptions(config, codec);
}

/**
 * The encoder for a video and what it is told.
 *
 * @throws As {@link assertEncodingFits}.
 */
export function chooseEncoding(
  config: EncodingConfig,
  container: OutputContainer,
  video: EncodedVideo,
): EncodingChoice {
  const asked = askedCodec(config, container);
  const like = codecLike(video.codec);
  const codec = asked ?? like.codec;
  assertHeld(codec, container, config.codec);
  const name = encoderFor(config, codec, video);
  const facts: EncoderFacts = encoders[name];
  assertRate(config, facts, codec);
  assertPreset(config, facts);
  assertOptions(config, codec);
  assertSize(name, facts, video.size);
  const preset = presetOf(config.preset, facts, video.family);
  const pixelFormat = pixelFormatFor(config, name, facts, preset, video.family);
  return {
    facts,
    pixelFormat,
    encoding: {
      ...rateOf(config, facts),
      preset,
      ...(name === 'libx264' ? {} : { codec, encoder: name }),
      ...(config.pixel_format === '' ? {} : { pixel_format: config.pixel_format }),
      ...(config.encoder_options.length === 0 ? {} : { options: [...config.encoder_options] }),
    },
    notices: [
      ...(asked === null && !like.isLike
        ? [`The video is encoded as ${codecFacts[codec].label}: ${video.codec} cannot be written.`]
        : []),
      ...(name === 'libaom-av1' && config.encoder === ''
        ? [
            `libaom encodes ${pixelFormat}, which SVT-AV1 cannot, and takes many times as long: --pixel-format yuv420p10le makes it quick.`,
          ]
        : []),
    ],
  };
}

/** Whether a codec can be in a container. */
export function isHeldBy(codec: VideoCodec, container: OutputContainer): boolean {
  return codecFacts[codec].containers.includes(container);
}

function assertHeld(codec: VideoCodec, container: OutputContainer, choice: CodecChoice): void {
  if (isHeldBy(codec, container)) return;
  const { label, containers } = codecFacts[codec];
  const endings = containers.map((name) => `.${name}`);
  const others = videoCodecs.filter((other) => isHeldBy(other, container)).join(', ');
  const source = choice === 'copy-like' ? `The source's codec is ${label}, which` : label;
  throw new AppError({
    code: 'output-unsupported',
    message: `${source} cannot be written to ${formatLimits[container].name}.`,
    nextStep: `Choose an output that ends in ${orText(endings)}, or another --codec: .${container} takes ${others}.`,
  });
}

function orText(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}

const devices: readonly EncoderDevice[] = ['nvenc', 'qsv', 'vaapi', 'videotoolbox', 'amf'];

/** @param video - Null while it is not known: then its frames are taken for usual ones. */
function encoderFor(config: EncodingConfig, codec: VideoCodec, video: EncodedVideo | null): EncoderName {
  const { encoder: asked } = config;
  const all = encodersOf(codec);
  if (asked === '') return usualEncoder(config, all, video);
  const device = devices.find((each) => each === asked);
  const found = all.find(
    (name) => name === asked || (device !== undefined && encoders[name].device === device),
  );
  if (found !== undefined) return found;
  const named = encoderFacts(asked);
  const nearest = nearestWord(asked, [...devices, ...Object.keys(encoders)]);
  const { label } = codecFacts[codec];
  if (named || device)
    throw usageError(
      `--encoder ${asked} does not make ${label}.`,
      `Of ${label} there are ${all.join(', ')}; or choose another --codec.`,
    );
  throw usageError(
    `--encoder ${asked}: no encoder of this name can be used.`,
    nearest === null ? `Of ${label} there are ${all.join(', ')}.` : `Did you mean ${nearest}?`,
  );
}

/** The first that takes the frames without a loss; where none does, the first. */
function usualEncoder(
  config: EncodingConfig,
  all: readonly EncoderName[],
  video: EncodedVideo | null,
): EncoderName {
  const own = all.filter((name) => encoders[name].device === 'cpu');
  const fits = (name: EncoderName) => {
    const { formats, leastSidePx }: EncoderFacts = encoders[name];
    if (config.pixel_format !== '') return formats.includes(config.pixel_format);
    if (video === null) return true;
    const least = Math.min(video.size.width, video.size.height);
    return least >= leastSidePx && isKeptBy(formats, video.family);
  };
  return own.find(fits) ?? own[0] ?? 'libx264';
}

function rateControls({ crf, qp, bitrate }: EncodingConfig): RateControl[] {
  return [
    ...(crf === 'auto' ? [] : ['crf' as const]),
    ...(qp === 'off' ? [] : ['qp' as const]),
    ...(bitrate === '' ? [] : ['bitrate' as const]),
  ];
}

function assertRate(config: EncodingConfig, { rates }: EncoderFacts, codec: VideoCodec): void {
  const [way] = rateControls(config);
  if (way === undefined) return;
  const { label } = codecFacts[codec];
  const limit = rates.find(({ kind }) => kind === way);
  if (!limit) {
    const others = rates.map(({ kind }) => `--${kind}`).join(' or ');
    throw usageError(
      `--${way} means nothing to this encoder of ${label}.`,
      others === ''
        ? `Leave --${way} out${codec === 'prores' ? ': --preset chooses the quality' : ''}.`
        : `Use ${others}.`,
    );
  }
  const value = rateValueOf(config, way);
  if (value > limit.max)
    throw usageError(`--${way} ${value} is too high for ${label}.`, `The highest is ${limit.max}.`);
}

function rateValueOf({ crf, qp, bitrate }: EncodingConfig, way: RateControl): number {
  return way === 'crf' ? Number(crf) : way === 'qp' ? Number(qp) : bitsPerSecond(bitrate);
}

function rateOf(config: EncodingConfig, { rates, usualRate }: EncoderFacts) {
  const [way = rates[0]?.kind] = rateControls(config);
  if (way === undefined) return { crf: null };
  const [given] = rateControls(config);
  const value = given === undefined ? usualRate : rateValueOf(config, given);
  if (value === null) return { crf: null };
  return way === 'crf' ? { crf: value } : { crf: null, [way]: value };
}

function assertPreset({ preset }: EncodingConfig, { presets }: EncoderFacts): void {
  if (preset === 'medium' || Object.hasOwn(presets, preset)) return;
  const names = Object.keys(presets);
  throw usageError(
    `--preset ${preset} is none of this encoder's.`,
    names.length === 0 ? 'It has no presets: leave --preset out.' : `It has ${names.join(', ')}.`,
  );
}

function presetOf(asked: string, { presets, usualPreset, codec }: EncoderFacts, family: PixelFamily): string {
  if (asked !== 'medium' || Object.hasOwn(presets, asked)) return asked;
  // Only the profiles with that name keep all colour.
  if (codec === 'prores' && family.sampling === '444' && Object.hasOwn(presets, '4444')) return '4444';
  return usualPreset;
}

function assertOptions(config: EncodingConfig, codec: VideoCodec): void {
  if (config.encoder_options.length === 0) return;
  const name = encoderFor(config, codec, null);
  for (const option of config.encoder_options) {
    const problem = optionProblem(name, option);
    if (problem !== null)
      throw usageError(
        `--encoder-option ${option}: ${problem}.`,
        `${name} takes ${Object.keys(optionsOf(name)).sort().join(', ')}.`,
      );
  }
}

function assertSize(name: string, { leastSidePx }: EncoderFacts, { width, height }: Size): void {
  if (Math.min(width, height) >= leastSidePx) return;
  throw new AppError({
    code: 'output-unsupported',
    message: `The result would be ${width}x${height}, and ${name} takes no side below ${leastSidePx} pixels.`,
    nextStep: 'Use another --codec or --encoder, such as --codec h264.',
  });
}

function pixelFormatFor(
  { pixel_format: asked }: EncodingConfig,
  name: string,
  { formats, codec }: EncoderFacts,
  preset: string,
  family: PixelFamily,
): string {
  if (asked !== '') {
    if (formats.includes(asked)) return asked;
    throw usageError(
      `--pixel-format ${asked} is none that ${name} takes.`,
      `It takes ${formats.join(', ')}.`,
    );
  }
  if (codec !== 'prores') return keptFormat(formats, family);
  const own = formats.filter((format) => format.startsWith('yuv444') === preset.startsWith('4444'));
  return keptFormat(own.length === 0 ? formats : own, family);
}
