import pMap from 'p-map';
import type { Size } from '../../core/hints/display-size.ts';
import type { PictureRequest, VideoOfFile } from '../../ports/video-tool.ts';
import { runFfmpeg } from '../ffmpeg/run-ffmpeg.ts';
import { asFileUrl, decodingOptions } from '../ffmpeg/source-file.ts';

/** Programs side by side: each decodes with threads of its own. */
const programsAtOnce = 2;
const limits = { timeoutMs: 120_000, maxStdoutBytes: 32 * 1024 * 1024 };
/** Clocks of containers round to a millisecond. */
const toleranceSeconds = 0.0015;

type Moment = Pick<PictureRequest, 'seconds' | 'part'>;

/**
 * A picture of the frame that is shown from each of these moments on, as JPEG, as a player shows it: turned, with square
 * pixels, and no larger than `box`. Null where there is none.
 *
 * @param moments - On the video's own clock, which need not begin at 0.
 */
export async function takePictures(
  program: string,
  source: VideoOfFile,
  moments: readonly Moment[],
  box: Size,
  signal: AbortSignal | undefined,
): Promise<readonly (Uint8Array | null)[]> {
  return await pMap(
    moments,
    async (moment) => {
      const picture = await take(program, pictureArguments(source, moment, box, true), signal);
      // An index may be wrong, or missing; then the way from the beginning is long, but sure.
      return picture ?? (await take(program, pictureArguments(source, moment, box, false), signal));
    },
    { concurrency: programsAtOnce },
  );
}

async function take(
  program: string,
  programArguments: readonly string[],
  signal: AbortSignal | undefined,
): Promise<Uint8Array | null> {
  const { exitCode, stdout } = await runFfmpeg(program, programArguments, { ...limits, signal });
  return exitCode === 0 && stdout.length > 0 ? stdout : null;
}

function pictureArguments(
  { path, place }: VideoOfFile,
  { seconds, part }: Moment,
  box: Size,
  isSought: boolean,
): readonly string[] {
  const from = seconds - toleranceSeconds;
  const seek = ['-seek_timestamp', '1', '-noaccurate_seek', '-ss', `${Math.ceil(seconds * 1e6)}us`];
  return [
    ...decodingOptions,
    ...(isSought ? seek : []),
    ...['-i', asFileUrl(path), '-map', `0:V:${place}`],
    ...['-vf', `select=gte(t\\,${from.toFixed(6)}),${cropped(part)}${scaledInto(box)}`],
    ...['-fps_mode', 'passthrough', '-frames:v', '1'],
    ...['-c:v', 'mjpeg', '-q:v', '3', '-flags:v', '+bitexact', '-f', 'mjpeg', 'pipe:1'],
  ];
}

function cropped(part: Moment['part']): string {
  if (!part) return '';
  const [x, y, width, height] = [part.x, part.y, part.width, part.height].map((side) => side.toFixed(6));
  return `crop=w=max(2\\,iw*${width}):h=max(2\\,ih*${height}):x=iw*${x}:y=ih*${y},`;
}

/** JPEG is full-range BT.601 by convention. */
function scaledInto({ width, height }: Size): string {
  const ratio = `min(1\\,min(${width}/(iw*max(sar\\,1))\\,${height}/(ih/min(sar\\,1))))`;
  const size = `w=max(1\\,round(iw*max(sar\\,1)*${ratio})):h=max(1\\,round(ih/min(sar\\,1)*${ratio}))`;
  const colors = 'out_color_matrix=bt601:out_range=pc';
  return `scale=${size}:flags=lanczos+accurate_rnd+full_chroma_int+bitexact:${colors},format=yuvj420p,setsar=1`;
}
