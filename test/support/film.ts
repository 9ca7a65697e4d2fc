import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** What is in a film that is made for a test. */
export interface FilmOptions {
  /** 96x54 unless told. */
  readonly width?: number;
  readonly height?: number;
  readonly seconds: number;
  /** Frames per second: `24000/1001` unless told. */
  readonly rate?: string;
  /** A variable frame rate: frames of the middle come at half the rate. */
  readonly isUneven?: boolean;
  /** More options for the picture. */
  readonly videoOptions?: readonly string[];
  /** Two audio tracks, subtitles and chapters; silent and bare without. */
  readonly isRich?: boolean;
}

const subtitles = '1\n00:00:00,500 --> 00:00:01,200\nHello\n\n2\n00:00:01,500 --> 00:00:02,000\nWorld\n';

const metadata = [
  ';FFMETADATA1',
  'title=A film',
  ...['[CHAPTER]', 'TIMEBASE=1/1000', 'START=0', 'END=1000', 'title=One'],
  ...['[CHAPTER]', 'TIMEBASE=1/1000', 'START=1000', 'END=2000', 'title=Two'],
].join('\n');

/** Makes a film with everything that must survive being upscaled, at `name` in the folder. */
export async function makeFilm(folder: string, name: string, options: FilmOptions): Promise<string> {
  const { width = 96, height = 54, seconds, rate = '24000/1001', isRich = false } = options;
  const path = join(folder, name);
  const uneven = options.isUneven ? ",select='not(between(n\\,10\\,30)*mod(n\\,2))'" : '';
  // Scaled from an even size, because the source rounds odd ones down.
  const picture = `testsrc2=s=192x108:r=${rate}:d=${seconds},scale=${width}:${height},setsar=1${uneven}`;
  await writeFile(join(folder, 'subtitles.srt'), subtitles);
  await writeFile(join(folder, 'chapters.txt'), metadata);
  const inputs = [
    ...['-f', 'lavfi', '-i', `sine=f=440:d=${seconds}`, '-f', 'lavfi', '-i', `sine=f=880:d=${seconds}`],
    ...['-i', join(folder, 'subtitles.srt'), '-i', join(folder, 'chapters.txt')],
  ];
  const maps = ['-map', '0', '-map', '1', '-map', '2', '-map', '3', '-map_metadata', '4'];
  const tags = ['-metadata:s:a:0', 'language=eng', '-metadata:s:a:1', 'language=deu'];
  await run('ffmpeg', [
    ...['-nostdin', '-v', 'error', '-y', '-f', 'lavfi', '-i', picture],
    ...(isRich ? [...inputs, ...maps, ...tags] : []),
    ...[
      '-c:v',
      'libx264',
      '-preset',
      'veryfast',
      '-g',
      '24',
      '-pix_fmt',
      'yuv420p',
      '-fps_mode',
      'passthrough',
    ],
    ...['-color_primaries', 'bt709', '-color_trc', 'bt709', '-colorspace', 'bt709'],
    ...(options.videoOptions ?? []),
    path,
  ]);
  return path;
}

/** Presentation times of a file's video frames, in seconds from the beginning of the file, ascending. */
export async function frameTimes(path: string): Promise<number[]> {
  const { stdout } = await run('ffprobe', [
    ...['-v', 'error', '-select_streams', 'v:0', '-show_entries', 'packet=pts_time:format=start_time'],
    ...['-of', 'json', path],
  ]);
  const { packets, format } = JSON.parse(stdout) as {
    readonly packets: readonly { readonly pts_time: string }[];
    readonly format: { readonly start_time: string };
  };
  const start = Number(format.start_time);
  return packets.map(({ pts_time: time }) => Number(time) - start).sort((a, b) => a - b);
}

/** A hash for each stream but the video ones: of the packets as they are in the file. */
export async function packetHashes(path: string, kind: 'a' | 's'): Promise<string[]> {
  const { stdout } = await run('ffmpeg', [
    ...['-nostdin', '-v', 'error', '-i', path, '-map', `0:${kind}`, '-c', 'copy'],
    ...['-f', 'streamhash', '-hash', 'md5', '-'],
  ]);
  return stdout
    .trim()
    .split('\n')
    .map((line) => line.replace(/^\d+,/, ''));
}

/** One hash of all frames of a file as they are decoded. */
export async function framesHash(path: string): Promise<string> {
  const { stdout } = await run('ffmpeg', [
    ...['-nostdin', '-v', 'error', '-i', path, '-map', '0:v:0', '-fps_mode', 'passthrough'],
    ...['-f', 'streamhash', '-hash', 'md5', '-'],
  ]);
  return stdout.trim();
}

/** What ffprobe says of a file's streams and chapters. */
export async function describeFile(path: string) {
  const { stdout } = await run('ffprobe', [
    ...['-v', 'error', '-show_streams', '-show_chapters', '-show_format', '-of', 'json', path],
  ]);
  return JSON.parse(stdout) as {
    readonly streams: readonly Readonly<Record<string, unknown>>[];
    readonly chapters: readonly { readonly start_time: string }[];
    readonly format: { readonly tags?: Readonly<Record<string, string>> };
  };
}
