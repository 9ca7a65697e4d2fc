import { askedCodec, isHeldBy } from '../encoding/choose-encoding.ts';
import { codecFacts } from '../encoding/codecs.ts';
import { type EncodingConfig, usualEncoding } from '../encoding/encoding-settings.ts';
import { containerOf } from '../frames/container-limits.ts';
import { pixelFamily } from '../frames/pixel-family.ts';
import { foldedName } from '../run/same-names.ts';

/** A file that is to be upscaled, and what it is called below the folder of the outputs. */
export interface SourceToName {
  /** With forward slashes: `holiday/beach.avi`. */
  readonly name: string;
}

const videoEndings =
  /^\.(3g[2p]|asf|avi|divx|dv|f4v|flv|gif|gxf|h26[45]|hevc|ivf|m1v|m2v|m2?ts|m4v|mj2|mjpe?g|mkv|mov|mp4|mpe?g?|mts|mxf|nsv|nut|obu|ogm|ogv|qt|rm|rmvb|roq|ts|vob|webm|wmv|wtv|y4m)$/i;
const pictureEndings = /^\.(bmp|dpx|exr|jpe?g|png|pp?m|tga|tiff?|webp)$/i;

/** What a file is by its ending: only these are upscaled of a folder. */
export function mediaKindOf(path: string): 'video' | 'picture' | 'other' {
  const ending = endingOf(path);
  if (videoEndings.test(ending)) return 'video';
  return pictureEndings.test(ending) ? 'picture' : 'other';
}

/** With its dot; empty where there is none. */
export function endingOf(path: string): string {
  return /\.[^./\\]+$/.exec(path)?.[0] ?? '';
}

/** The ending of an upscaled picture: its own where such files are written, else that of PNG files. */
function pictureEnding(name: string): string {
  const ending = endingOf(name);
  return isPictureName(name) ? ending : '.png';
}

/** Whether a picture can be written under this name: as PNG, JPEG or WebP. */
export function isPictureName(name: string): boolean {
  return /\.(png|jpe?g|webp)$/i.test(name);
}

/**
 * How the one frame of a picture is kept until it is a picture again: without loss, with all its colour.
 *
 * @param pixelFormat - Of the picture, by ffmpeg's name.
 */
export function pictureEncoding(pixelFormat: string): EncodingConfig {
  const family = pixelFamily(pixelFormat);
  const isDeep = (family?.bits ?? 8) > 8;
  // Four more bits hold what becomes of the three colours on the way to luma and chroma and back.
  const color = isDeep ? 'yuv444p16le' : family?.isRgb === true ? 'yuv444p12le' : 'yuv444p';
  const format = family?.sampling === 'gray' ? (isDeep ? 'gray16le' : 'gray') : color;
  return { ...usualEncoding, codec: 'ffv1', pixel_format: format };
}

/** The usual ending of a result: the video's own; where that container cannot be written or takes no such codec, another one. */
export function resultEnding(video: string, encoding: EncodingConfig): string {
  const own = containerOf(video);
  // A video in WebM becomes one only where that is asked for.
  const isOwn = own !== null && (own !== 'webm' || encoding.codec !== 'auto' || encoding.encoder !== '');
  const codec = askedCodec(encoding, isOwn ? own : 'mkv');
  if (codec === null || isHeldBy(codec, isOwn ? own : 'mkv')) return isOwn ? endingOf(video) : '.mkv';
  const [best = 'mkv'] = codecFacts[codec].containers;
  return `.${isHeldBy(codec, 'mkv') ? 'mkv' : best}`;
}

/**
 * Names of the outputs, below their folder: each one's own with the suffix and its usual ending. Where two would be one file,
 * also on a disk that knows no case, the later one keeps its own ending within its name: `clip.avi` and `clip.ts` become
 * `clip.mkv` and `clip.ts.mkv`.
 */
export function nameOutputs(
  sources: readonly SourceToName[],
  suffix: string,
  encoding: EncodingConfig,
): readonly string[] {
  const taken = new Set<string>();
  return sources.map(({ name }) => {
    const stem = name.slice(0, name.length - endingOf(name).length);
    const ending = mediaKindOf(name) === 'picture' ? pictureEnding(name) : resultEnding(name, encoding);
    let output = `${stem}${suffix}${ending}`;
    for (let number = 1; taken.has(foldedName(output)); number++)
      output = `${name}${suffix}${number === 1 ? '' : `-${number}`}${ending}`;
    taken.add(foldedName(output));
    return output;
  });
}
