import pMap from 'p-map';
import type { Box } from '../../core/regions/place-region.ts';
import type { CutRequest } from '../../ports/upscale-trial.ts';
import { framesFailed } from '../ffmpeg/failures.ts';
import { findPrograms } from '../ffmpeg/programs.ts';
import { exactScaling } from '../ffmpeg/raw-frames.ts';
import { runFfmpeg } from '../ffmpeg/run-ffmpeg.ts';
import { asFileUrl } from '../ffmpeg/source-file.ts';
import { chromaPositions, isRgb, rangeOf, scalerMatrix } from './color.ts';

/** No picture of a sensible size takes longer or more. */
const limits = { timeoutMs: 120_000, maxStdoutBytes: 256 * 1024 * 1024 };

/** Programs side by side. */
const cutsAtOnce = 2;

const turns: Readonly<Record<CutRequest['turnDegrees'], readonly string[]>> = {
  0: [],
  90: ['transpose=clock'],
  180: ['hflip', 'vflip'],
  270: ['transpose=cclock'],
};

/** As {@link CutPictures}, by one ffmpeg for each picture. */
export async function cutPictures(
  path: string,
  cuts: CutRequest,
  signal: AbortSignal,
): Promise<readonly Uint8Array[]> {
  const program = findPrograms().ffmpeg;
  return await pMap(
    cuts.boxes,
    async (box) => {
      const outcome = await runFfmpeg(program, cutArguments(path, cuts, box), { ...limits, signal });
      if (outcome.stdout.length > 0 && outcome.exitCode === 0) return outcome.stdout;
      throw framesFailed(program, 'Cutting a picture', outcome);
    },
    { concurrency: cutsAtOnce },
  );
}

/** The whole frame becomes RGB first: a box need not begin where a sample of chroma does. */
function cutArguments(path: string, { clip, turnDegrees }: CutRequest, box: Box): readonly string[] {
  const { width, height, pixel_format: format } = clip.target;
  const range = rangeOf(clip);
  const colors = isRgb(format)
    ? []
    : [`in_color_matrix=${scalerMatrix(clip)}`, `in_range=${range}`, ...chromaPositions(format, clip)];
  const scaled = [`scale=${width}:${height}:flags=bicubic+${exactScaling}`, ...colors, 'out_range=pc'];
  const cut = `crop=${box.width}:${box.height}:${box.x}:${box.y}:exact=1`;
  return [
    ...['-nostdin', '-v', 'error', '-noautorotate', '-i', asFileUrl(path), '-map', '0:v:0'],
    ...['-vf', [scaled.join(':'), 'format=rgb24', cut, ...turns[turnDegrees]].join(',')],
    ...['-frames:v', '1', '-map_metadata', '-1', '-c:v', 'png', '-threads:v', '1'],
    ...['-flags:v', '+bitexact', '-f', 'image2pipe', 'pipe:1'],
  ];
}
