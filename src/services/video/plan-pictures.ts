import { missingText, type PictureSeries, patternPath, runsOf } from '../../core/frames/picture-series.ts';
import { pixelFamily } from '../../core/frames/pixel-family.ts';
import type { VideoFacts } from '../../core/frames/video-facts.ts';
import type { PlannedPictures } from '../../core/video/video-checkpoint.ts';
import { AppError } from '../../errors/app-error.ts';
import type { Ports } from '../../ports/ports.ts';
import type { VideoObserver } from '../../ports/run-observer.ts';
import type { JoinedPictures } from '../../ports/video-tool.ts';
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
  const after = isNumbered ? 'The result lacks them, too.' : 'The pictures after them follow at once.';
  return {
    joined,
    pictures: {
      numbers: runsOf(numbers).map(([first, length]) => [first, length]),
      frame_rate: { ...series.frameRate },
    },
    notices: [
      ...(missing === null ? [] : [`Numbers of pictures that are missing: ${missing}. ${after}`]),
      ...(damage === null ? [] : [`Pictures that cannot be read are left out: ${damage}.`]),
    ],
  };
}

function incomplete({ pattern }: PictureSeries, missing: string): AppError {
  return new AppError({
    code: 'input-missing',
    message: `Of the pictures ${patternPath(pattern)} numbers are missing: ${missing}.`,
    nextStep:
      'Add them; or do without them with --keep-going. Pictures that are made of pictures keep their numbers: name an output such as larger/frame_%06d.png.',
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
