import { AppError } from '../../errors/app-error.ts';
import { chooseEncoding, type EncodingChoice } from '../encoding/choose-encoding.ts';
import { codecFacts, type VideoCodec } from '../encoding/codecs.ts';
import { type EncodingConfig, usualEncoding } from '../encoding/encoding-settings.ts';
import { isColourKept } from '../encoding/kept-format.ts';
import { formatSize, type Size } from '../hints/display-size.ts';
import { isMatroska, type OutputContainer } from './container-limits.ts';
import type { Fraction } from './fraction.ts';
import { type FrameFilters, interlacedFields } from './frame-filters.ts';
import type { FrameFormat } from './frame-format.ts';
import { type PixelFamily, pixelFamily } from './pixel-family.ts';
import { scaledSize, scaleOfTarget, type TargetRequest, targetNotices } from './target-size.ts';
import type { ColorTags, VideoFacts, VideoStreamFacts } from './video-facts.ts';

interface ClipRequest extends TargetRequest {
  /** Whether the engine gets RGB, and not frames as they are stored. */
  readonly takesRgb: boolean;
  readonly container: OutputContainer;
  /** Missing: the usual one. */
  readonly encoding?: EncodingConfig;
  /** What is done to frames before; null: nothing, and missing: nothing can be. */
  readonly filters?: FrameFilters | null | undefined;
}

/** How frames are read, upscaled and kept. */
export interface FrameFormatChoice {
  /** Whether the decoder turns frames as the file's rotation says; otherwise the output keeps the rotation as a tag. */
  readonly isTurned: boolean;
  /** Frames as the engine gets them. */
  readonly frame: FrameFormat;
  /** Frames as the encoder keeps them: upscaled, with sides to the nearest even number where the format takes no odd ones. */
  readonly target: FrameFormat;
  /** Shape of a pixel of both, width to height. */
  readonly sampleAspect: Fraction;
  /** What `frame` and `target` mean, as far as known. */
  readonly color: ColorTags;
  /** The source's numbers are of full range, and those of `frame` are not; null: `color` says it of both. */
  readonly sourceRange: 'pc' | null;
  readonly encoding: EncodingChoice['encoding'];
  /** What the user has to know before the work starts: sentences. */
  readonly notices: readonly string[];
}

/** No encoder or decoder of H.264 takes longer sides, and of other codecs few do. */
const maxSidePx = 16_384;

/**
 * Chooses the formats of a video's frames: their depth, colour sampling and colours stay where the codec can keep them.
 *
 * @throws AppError `output-unsupported` for a result that is too large or a pixel format that cannot be read.
 */
export function chooseFrameFormats(
  { video }: VideoFacts,
  { takesRgb, container, encoding: config = usualEncoding, filters, ...asked }: ClipRequest,
): FrameFormatChoice {
  const family = pixelFamily(video.pixelFormat);
  if (family === null) throw unknownFormat(video.pixelFormat);
  const isTurned = isMatroska(container) && video.rotationDegrees !== 0;
  const isOnItsSide = isTurned && video.rotationDegrees !== 180;
  const size = isOnItsSide ? swapped(video.size) : video.size;
  const chosen = scaleOfTarget(video, asked);
  const whole = scaledSize(size, chosen.scale, 'yuv444p');
  const choice = chooseEncoding(config, container, { codec: video.codec, family, size: whole });
  const kept = choice.pixelFormat;
  const { label } = codecFacts[choice.facts.codec];
  const target = { ...scaledSize(size, chosen.scale, kept), pixelFormat: kept };
  if (Math.max(target.width, target.height) > maxSidePx) throw tooLarge(target, asked, label);
  const given = takesRgb ? rgbFormat(family) : kept;
  const color = keptColor(video);
  // ProRes is of limited range alone, and nothing in it could say otherwise.
  const isNarrowed = choice.facts.codec === 'prores' && color.range === 'pc';
  return {
    isTurned,
    frame: { width: size.width, height: size.height, pixelFormat: given },
    target,
    sampleAspect: isOnItsSide ? inverted(video.sampleAspect) : video.sampleAspect,
    color: isNarrowed ? { ...color, range: 'tv' } : color,
    sourceRange: isNarrowed ? 'pc' : null,
    encoding: choice.encoding,
    notices: [
      ...choice.notices,
      ...formatNotices(video.pixelFormat, family, choice, config),
      ...targetNotices({ frame: size, target }, chosen, asked.size),
      ...levelNotices(target, choice.facts.codec),
      ...(isTurned ? ['Matroska cannot store a rotation: the frames themselves are rotated.'] : []),
      ...extraNotices(video.extras, filters),
    ],
  };
}

function extraNotices(extras: readonly string[], filters: ClipRequest['filters']): string[] {
  return extras
    .filter((extra) => extra !== interlacedFields || filters?.deinterlace === undefined)
    .map((extra) => {
      const fix =
        extra === interlacedFields && filters !== undefined
          ? ' --deinterlace auto makes whole frames of them.'
          : '';
      return `${capital(extra)} cannot be kept: the upscaled video has none.${fix}`;
    });
}

/** What models are trained on. */
function rgbFormat({ bits }: PixelFamily): string {
  return bits > 8 ? 'rgb48le' : 'rgb24';
}

function swapped({ width, height }: Size): Size {
  return { width: height, height: width };
}

function inverted({ numerator, denominator }: Fraction): Fraction {
  return { numerator: denominator, denominator: numerator };
}

/**
 * What is noted of a video's colours. RGB becomes YUV of limited range, whose matrix players find by the tags; grays that
 * do not say are of full range. Where a small video says nothing players take it for BT.601, and would take the larger one
 * for BT.709: so what they assume of the source is noted.
 */
export function keptColor({
  color: said,
  pixelFormat,
  size,
}: Pick<VideoStreamFacts, 'color' | 'pixelFormat' | 'size'>): ColorTags {
  const family = pixelFamily(pixelFormat);
  if (family === null) return said;
  const isAssumed = !family.isRgb && family.sampling !== 'gray' && said.space === null;
  const color = isAssumed && isStandardDefinition(size) ? { ...said, ...assumedColor(said, size) } : said;
  if (family.isRgb) return { ...color, range: 'tv', space: 'gbr' };
  if (family.isFullRange) return { ...color, range: 'pc' };
  return family.sampling === 'gray' ? { ...color, range: color.range ?? 'pc' } : color;
}

/** Whether players take a video of which nothing is said for BT.601, not BT.709. */
export function isStandardDefinition({ width, height }: Size): boolean {
  return width < 1280 && height <= 576;
}

/** All three, or the matrix alone where something is said of the others. */
function assumedColor({ primaries, transfer }: ColorTags, { height }: Size): Partial<ColorTags> {
  if (primaries?.startsWith('bt2020')) return {};
  if (primaries !== null || transfer !== null) return { space: 'smpte170m' };
  // Lines of television in Europe, and their half.
  const system = height === 576 || height === 288 ? 'bt470bg' : 'smpte170m';
  return { space: system, primaries: system, transfer: 'smpte170m' };
}

function formatNotices(
  pixelFormat: string,
  family: PixelFamily,
  { pixelFormat: kept, facts }: EncodingChoice,
  { pixel_format: asked }: EncodingConfig,
): string[] {
  const { isRgb, bits, hasAlpha, sampling } = family;
  const notices: string[] = [];
  const { label } = codecFacts[facts.codec];
  const keptFamily = pixelFamily(kept) ?? family;
  if (hasAlpha) notices.push('Transparency cannot be kept: the upscaled video is opaque.');
  if (asked === '' && bits > keptFamily.bits)
    notices.push(
      `${label} keeps at most ${keptFamily.bits} of the ${bits} bits of a sample of ${pixelFormat}${deeper(bits, keptFamily.bits)}.`,
    );
  if (isRgb) notices.push(`The colours are kept as ${kept} instead of ${pixelFormat}.`);
  else if (asked === '' && (/^4(11|10|40)$/.test(sampling) || !isColourKept(keptFamily, family))) {
    notices.push(
      `Colour is kept as ${kept}, because ${label} does not support the sampling of ${pixelFormat}.`,
    );
  }
  return notices;
}

/** Which codec would keep more, to end a sentence. */
function deeper(bits: number, kept: number): string {
  if (bits > 12) return '; --codec ffv1 keeps all';
  return kept < 10 ? '' : '; --codec hevc keeps them';
}

function levelNotices(target: Size, codec: VideoCodec): string[] {
  const { label, levelPixels } = codecFacts[codec];
  if (levelPixels === null || target.width * target.height <= levelPixels) return [];
  return [`No level of ${label} allows ${formatSize(target)}: many players will not play it.`];
}

function capital(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}

function tooLarge(target: Size, { scale, size = '' }: TargetRequest, label: string): AppError {
  return new AppError({
    code: 'output-unsupported',
    message: `The result would be ${formatSize(target)}, and ${label} holds sides of up to ${maxSidePx} pixels.`,
    nextStep:
      size !== ''
        ? `Use a smaller --size than ${size}.`
        : scale > 1
          ? `Use a smaller --scale than ${scale}.`
          : 'Make the video smaller first.',
  });
}

function unknownFormat(pixelFormat: string): AppError {
  return new AppError({
    code: 'output-unsupported',
    message: `Frames of the pixel format ${pixelFormat} cannot be read.`,
    nextStep: 'Convert the video first, for example with: ffmpeg -i VIDEO -pix_fmt yuv420p -crf 12 OTHER.mkv',
  });
}
