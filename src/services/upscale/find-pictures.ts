import { basename, dirname, join, resolve } from 'node:path';
import { containerOf } from '../../core/frames/container-limits.ts';
import type { Fraction } from '../../core/frames/fraction.ts';
import {
  numbersAmong,
  type PicturePattern,
  type PictureSeries,
  parsePicturePattern,
  patternOf,
  patternPath,
} from '../../core/frames/picture-series.ts';
import { shellQuoted } from '../../core/run/shell-quoted.ts';
import { endingOf, isPictureName, mediaKindOf } from '../../core/video-set/name-outputs.ts';
import { AppError, usageError } from '../../errors/app-error.ts';
import type { Ports } from '../../ports/ports.ts';

/** What may be numbered pictures. */
interface PicturesAsked {
  readonly inputs: readonly string[];
  /** As it was given; missing: it was not. */
  readonly output?: string | undefined;
  readonly frameRate: Fraction;
  /** Between the number of each picture that is written and its ending. */
  readonly suffix: string;
  /** The same where nothing is said: `-2x`, which also names the folder. */
  readonly usualSuffix: string;
}

/** Numbered pictures, and what is made of them. */
interface FoundPictures {
  readonly pictures: PictureSeries;
  readonly inputPath: string;
  /** A video, or a pattern of pictures. */
  readonly outputPath: string;
}

type FindPorts = Pick<Ports, 'sources' | 'video'>;

/**
 * The numbered pictures that are meant by a pattern, or by a folder that holds nothing else to upscale. Of a folder whose pictures
 * are to become pictures they have to be alike, too: others are upscaled each by itself.
 *
 * @returns null where something else is meant.
 * @throws AppError `input-missing` for a pattern without pictures; `usage-invalid` for a folder that is no series but has to be.
 */
export async function findPictures(asked: PicturesAsked, ports: FindPorts): Promise<FoundPictures | null> {
  const [input, second] = asked.inputs;
  if (input === undefined || second !== undefined) return null;
  const path = resolve(input);
  if (await ports.sources.isFolder(path)) return await ofFolder(path, asked, ports);
  const pattern = parsePicturePattern(path);
  if (pattern === null || (await ports.sources.exists(path))) return null;
  const numbers = numbersAmong(pattern, await ports.sources.names(pattern.folder));
  if (numbers.length === 0)
    throw new AppError({
      code: 'input-missing',
      message: `There are no pictures ${patternPath(pattern)}.`,
      nextStep:
        'Check the folder, and how many digits the numbers have: %06d means six, with zeros in front.',
    });
  return found(pattern, numbers, asked);
}

async function ofFolder(
  folder: string,
  asked: PicturesAsked,
  ports: FindPorts,
): Promise<FoundPictures | null> {
  const { output } = asked;
  const isSeriesMeant = output !== undefined && !isFolderName(output);
  const excluded = new Set(output === undefined ? [] : [resolve(output)]);
  const files = (await ports.sources.find(folder, excluded)).filter(
    ({ path }) => mediaKindOf(path) !== 'other',
  );
  const isFlat = files.every(({ path }) => dirname(path) === folder && mediaKindOf(path) === 'picture');
  const names = files.map(({ path }) => basename(path));
  const pattern = isFlat ? patternOf(folder, names) : null;
  if (pattern === null) {
    if (isSeriesMeant) throw noSeries(folder, output ?? '');
    return null;
  }
  const pictures = found(pattern, numbersAmong(pattern, names), asked);
  return isSeriesMeant || (await ports.video.arePicturesAlike(pictures.pictures)) ? pictures : null;
}

/** Whether it names neither a video nor a picture. */
function isFolderName(output: string): boolean {
  return mediaKindOf(output) === 'other' && containerOf(output) === null;
}

function found(
  pattern: PicturePattern,
  numbers: readonly number[],
  { output, frameRate, suffix, usualSuffix }: PicturesAsked,
): FoundPictures {
  return {
    pictures: { pattern, numbers, frameRate },
    inputPath: patternPath(pattern),
    outputPath: outputOf(pattern, output, { suffix, usualSuffix }),
  };
}

function outputOf(
  pattern: PicturePattern,
  output: string | undefined,
  { suffix, usualSuffix }: Pick<PicturesAsked, 'suffix' | 'usualSuffix'>,
): string {
  const isFolder = output === undefined || isFolderName(output);
  if (!isFolder) {
    if (suffix !== '')
      throw usageError(
        '--suffix is for outputs in a folder, and --output names a file.',
        'Name the folder with --output, or leave out --suffix.',
      );
    const path = resolve(output);
    if (mediaKindOf(output) === 'picture' && parsePicturePattern(path) === null)
      throw usageError(
        `${output} is the name of one picture, and there are several.`,
        'Put a number into it: -o larger/frame_%06d.png; or name a folder, or a video such as larger.mp4.',
      );
    return path;
  }
  const folder = output === undefined ? `${pattern.folder}${usualSuffix}` : resolve(output);
  const ending = endingOf(pattern.ending);
  const stem = pattern.ending.slice(0, pattern.ending.length - ending.length);
  const written = isPictureName(pattern.ending) ? ending : '.png';
  return patternPath({ ...pattern, folder, ending: `${stem}${suffix}${written}` });
}

function noSeries(folder: string, output: string): AppError {
  return usageError(
    `${folder} holds something else than one series of numbered pictures, which ${output} would be made of.`,
    `Name the pictures: cosmos upscale ${shellQuoted(join(folder, 'frame_%06d.png'))} -o ${shellQuoted(output)}; or a folder, where each file becomes a larger one.`,
  );
}
