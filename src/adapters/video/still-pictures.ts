import pMap from 'p-map';
import type { Size } from '../../core/hints/display-size.ts';
import type { PictureRequest, VideoOfFile } from '../../ports/video-tool.ts';
import { runFfmpeg } from '../ffmpeg/run-ffmpeg.ts';
import { decodingOptions, sourceInput } from '../ffmpeg/source-file.ts';

/** Programs side by side: each decodes with threads of its own. */
const programsAtOnce = 2;
const limits = { timeoutMs: 120_000, maxStdoutBytes: 32 * 1024 * 1024 };
/** Clocks of containers round to a millisecond. */
const toleranceSeconds = 0.0015;
/** Pictures that one program takes: it holds a decoder for each. */
const mostTogether = 4;
/** Where a JPEG begins and ends. In its data, 0xff is always followed by 0. */
const [startOfImage, endOfImage] = [Buffer.from([0xff, 0xd8]), Buffer.from([0xff, 0xd9])];

type Moment = Pick<PictureRequest, 'seconds' | 'part'>;
type Picture = Uint8Array | null;

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
): Promise<readonly Picture[]> {
  const takeSome = async (some: readonly Moment[], isSought: boolean): Promise<readonly Picture[]> => {
    const programArguments = pictureArguments(source, some, box, isSought);
    const { exitCode, stdout } = await runFfmpeg(program, programArguments, { ...limits, signal });
    const pictures = exitCode === 0 ? splitPictures(stdout) : [];
    // Of fewer, it is not known which are missing.
    return pictures.length === some.length ? pictures : some.map(() => null);
  };
  const takeAlone = async (moment: Moment, wasAlone: boolean): Promise<Picture> => {
    const [sought = null] = wasAlone ? [] : await takeSome([moment], true);
    // An index may be wrong, or missing; then the way from the beginning is long, but sure.
    return sought ?? (await takeSome([moment], false))[0] ?? null;
  };
  const takeGroup = async (group: readonly Moment[]): Promise<readonly Picture[]> => {
    const together = await takeSome(group, true);
    const one = async (moment: Moment, index: number) =>
      together[index] ?? (await takeAlone(moment, group.length === 1));
    return await pMap(group, one, { concurrency: 1 });
  };
  return (await pMap(groupsOf(moments), takeGroup, { concurrency: programsAtOnce })).flat();
}

/** Neighbours of one size, which a filter can put one after the other: all of the frame, and not a part of it. */
function groupsOf(moments: readonly Moment[]): Moment[][] {
  const groups: Moment[][] = [];
  for (const moment of moments) {
    const last = groups.at(-1);
    const fits = last && last.length < mostTogether && !moment.part && !last[0]?.part;
    if (fits) last.push(moment);
    else groups.push([moment]);
  }
  return groups;
}

/** JPEGs that were written one after the other. */
function splitPictures(bytes: Buffer): Picture[] {
  const pictures: Picture[] = [];
  for (let start = 0; start < bytes.length; ) {
    const end = bytes.indexOf(endOfImage, start);
    if (end < 0 || !bytes.subarray(start, start + 2).equals(startOfImage)) return [];
    pictures.push(bytes.subarray(start, end + 2));
    start = end + 2;
  }
  return pictures;
}

function pictureArguments(
  { path, place }: VideoOfFile,
  moments: readonly Moment[],
  box: Size,
  isSought: boolean,
): readonly string[] {
  const inputs = moments.flatMap(({ seconds }) => {
    const seek = ['-seek_timestamp', '1', '-noaccurate_seek', '-ss', `${Math.ceil(seconds * 1e6)}us`];
    return [...decodingOptions, ...(isSought ? seek : []), ...sourceInput(path)];
  });
  const chains = moments.map(({ seconds, part }, index) => {
    const from = `select=gte(t\\,${(seconds - toleranceSeconds).toFixed(6)}),trim=end_frame=1`;
    return `[${index}:V:${place}]${from},${cropped(part)}${scaledInto(box)}[p${index}];`;
  });
  const shown = moments.map((_, index) => `[p${index}]`).join('');
  return [
    ...inputs,
    ...['-filter_complex', `${chains.join('')}${shown}concat=n=${moments.length}`],
    ...['-fps_mode', 'passthrough', '-frames:v', String(moments.length)],
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
