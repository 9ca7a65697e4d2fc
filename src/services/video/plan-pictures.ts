import { dirname } from 'node:path';
import {
  missingText,
  numberedPath,
  numbersAmong,
  type PicturePattern,
  type PictureSeries,
  patternPath,
  runsOf,
} from '../../core/frames/picture-series.ts';
import { pixelFamily } from '../../core/frames/pixel-family.ts';
import type { VideoFacts } from '../../core/frames/video-facts.ts';
import { shellQuoted } from '../../core/run/shell-quoted.ts';
import { outputFolder } from '../../core/run/written-folder.ts';
import type { PlannedPictures } from '../../core/video/video-checkpoint.ts';
import { AppError, usageError } from '../../errors/app-error.ts';
import type { Ports } from '../../ports/ports.ts';
import type { VideoObserver } from '../../ports/run-observer.ts';
import type { JoinedPictures } from '../../ports/video-tool.ts';
import { assertWritable } from '../runs/assert-writable.ts';
import type { VideoRequest } from './video-types.ts';

/** Numbered pictures as a source. */
export interface OpenedPictures {
  readonly joined: JoinedPictures;
  readonly pictures: PlannedPictures;
  /** Sentences. */
  readonly notices: readonly string[];
}

/**
 * Puts the pictures of a series into one file.
 *
 * @param isNumbered - The result is numbered pictures, too, where a missing number leaves a missing number.
 * @throws AppError `input-missing` for a series with gaps; as `VideoTool.joinPictures`.
 */
export async function openPictures(
  series: PictureSeries,
  { isKeptGoing }: Pick<VideoRequest, 'isKeptGoing'>,
  isNumbered: boolean,
  ports: Pick<Ports, 'video'>,
  observer: VideoObserver,
  signal: AbortSignal,
): Promise<OpenedPictures> {
  const missing = missingText(series.numbers);
  if (missing !== null && !isNumbered && !isKeptGoing) throw incomplete(series, missing);
  const onProgress = (done: number, total: number) => observer.onScan(done, total);
  const joined = await ports.video.joinPictures(series, { isKeptGoing, onProgress }, signal);
  const { damage, numbers } = joined;
  const after = isNumbered ? 'the result lacks them, too' : 'the pictures after them follow at once';
  return {
    joined,
    pictures: {
      numbers: runsOf(numbers).map(([first, length]) => [first, length]),
      frame_rate: { ...series.frameRate },
    },
    notices: [
      ...(missing === null ? [] : [`There are no pictures with the numbers ${missing}: ${after}.`]),
      ...(damage === null ? [] : [`Pictures that cannot be read are left out: ${damage}.`]),
    ],
  };
}

function incomplete({ pattern }: PictureSeries, missing: string): AppError {
  return new AppError({
    code: 'input-missing',
    message: `Of the pictures ${patternPath(pattern)} the numbers ${missing} are missing.`,
    nextStep:
      'Add them; or do without them with --keep-going. Pictures that are made of pictures keep their numbers: name an output such as larger/frame_%06d.png.',
  });
}

/** Nothing is planned for pictures that cannot be written. */
export async function assertPicturesFree(
  { pictures, isForced }: VideoRequest,
  pattern: PicturePattern,
  { sources }: Pick<Ports, 'sources'>,
): Promise<void> {
  const { folder } = pattern;
  const nextStep = 'Name another folder with --output.';
  const isThere = await sources.exists(folder);
  if (isThere && !(await sources.isFolder(folder)))
    throw usageError(`The output folder ${folder} is a file.`, nextStep);
  const above = dirname(folder);
  if (!isThere && !(await sources.exists(above)))
    throw usageError(
      `There is no folder ${above} for the output.`,
      `Make it with: mkdir -p ${shellQuoted(above)}`,
    );
  await assertWritable([outputFolder(isThere ? folder : above, '--output')], { sources });
  const there = isThere ? numbersAmong(pattern, await sources.names(folder)) : [];
  const written = pictures && new Set(pictures.numbers);
  const inWay = there.find((number) => written === undefined || written.has(number));
  if (inWay === undefined) return;
  const taken = numberedPath(pattern, inWay);
  const isOwn =
    pictures !== undefined && (await sources.isSameFile(taken, numberedPath(pictures.pattern, inWay)));
  if (isOwn) throw usageError('The output is the pictures themselves.', nextStep);
  if (isForced) return;
  throw new AppError({
    code: 'output-exists',
    message: `${taken} already exists.`,
    nextStep: 'Name another folder with --output, or replace the pictures with --force.',
  });
}

/** What a person has to know of pictures that are written; how frames are kept on the way is of no interest. */
export function pictureNotices({ video: { pixelFormat } }: VideoFacts, output: string): string[] {
  const { hasAlpha = false, bits = 8 } = pixelFamily(pixelFormat) ?? {};
  return [
    ...(hasAlpha ? ['transparency cannot be kept: the larger picture is opaque.'] : []),
    ...(bits > 8 && !/\.png$/i.test(output)
      ? [`its ${bits} bits of a sample become 8: PNG files alone keep them.`]
      : []),
  ];
}
