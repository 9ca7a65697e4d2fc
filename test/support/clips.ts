import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { copyFile, mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, extname, join } from 'node:path';
import { promisify } from 'node:util';
import { rotateTracks } from './rotate-tracks.ts';

/** A clip to be made. The container follows from the ending of its path: mp4, mov, mkv, webm, avi, gif, … */
export interface ClipOptions {
  /** Coded size in pixels, 320x180 unless told; odd sides want codec `h264` with `yuv444p`, or `mjpeg`. */
  readonly width?: number;
  readonly height?: number;
  /** Length, 1 second unless told. `frames` cuts it shorter. */
  readonly seconds?: number;
  readonly frames?: number;
  /** Frames per second, 30 unless told; also a fraction such as `30000/1001`. */
  readonly fps?: number | string;
  /** What is to be seen: moving shapes, still colour bars, one colour, or noise. Moving shapes unless told. */
  readonly pattern?: 'moving' | 'bars' | 'noise' | 'black' | 'white' | 'red' | 'green' | 'blue';
  /** Tells clips of the same pattern apart: turns their hue. */
  readonly seed?: number;
  /** How the player is to turn the picture, clockwise; mp4 and mov only. */
  readonly rotation?: 90 | 180 | 270;
  /** Sample aspect ratio such as `64:45`. */
  readonly sar?: string;
  readonly codec?: keyof typeof encoders;
  /** For example `yuv420p10le`; `yuv420p` unless told, where the codec has it. */
  readonly pixelFormat?: string;
  /** Adds a tone: as the second stream, or as the first. */
  readonly audio?: boolean | 'first';
  /** More ffmpeg output options, for what the others cannot say. */
  readonly outputOptions?: readonly string[];
}

interface PictureOptions {
  readonly width: number;
  readonly height: number;
  readonly frames: number;
  /** Number of the first one; 1 unless told. */
  readonly first?: number;
  /** `rgb24` unless told. */
  readonly pixelFormat?: string;
}

/** Numbered pictures that all differ, in a folder that is made; `names` is as ffmpeg takes it. */
export async function makePictures(folder: string, names: string, options: PictureOptions): Promise<void> {
  const { width, height, frames, first = 1, pixelFormat = 'rgb24' } = options;
  await mkdir(folder, { recursive: true });
  await run('ffmpeg', [
    ...['-v', 'error', '-y', '-f', 'lavfi', '-i', `testsrc2=s=${width}x${height}`],
    ...['-frames:v', String(frames), '-pix_fmt', pixelFormat, '-start_number', String(first)],
    join(folder.replaceAll('%', '%%'), names),
  ]);
}

const encoders = {
  h264: ['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '30'],
  h264bframes: ['-c:v', 'libx264', '-preset', 'veryfast', '-bf', '3'],
  hevc: ['-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', 'log-level=error', '-tag:v', 'hvc1'],
  mpeg4: ['-c:v', 'mpeg4', '-q:v', '4'],
  mjpeg: ['-c:v', 'mjpeg', '-q:v', '3', '-strict', 'unofficial'],
  prores: ['-c:v', 'prores_ks'],
  vp9: ['-c:v', 'libvpx-vp9', '-deadline', 'realtime', '-cpu-used', '8'],
  gif: ['-c:v', 'gif'],
  ffv1: ['-c:v', 'ffv1'],
} as const;

const run = promisify(execFile);
const cacheFolder = join(tmpdir(), 'cosmos-test-clips-v1');

/**
 * Makes a real clip at `path` with ffmpeg. Clips of the same options are made once per machine and then
 * copied, so suites may ask freely; made by rename, so they may ask at the same time.
 */
export async function makeClip(path: string, options: ClipOptions = {}): Promise<string> {
  const key = createHash('sha256').update(JSON.stringify(options)).digest('hex').slice(0, 24);
  const cached = join(cacheFolder, `${key}${extname(path)}`);
  if (!(await exists(cached))) await render(cached, options);
  await mkdir(dirname(path), { recursive: true });
  await copyFile(cached, path);
  return path;
}

async function render(target: string, options: ClipOptions): Promise<void> {
  await mkdir(cacheFolder, { recursive: true });
  const making = join(cacheFolder, `${randomBytes(6).toString('hex')}${extname(target)}`);
  await run('ffmpeg', ffmpegArguments(making, options));
  if (options.rotation) await writeFile(making, rotateTracks(await readFile(making), options.rotation));
  await rename(making, target);
}

function ffmpegArguments(target: string, options: ClipOptions): string[] {
  const codec = options.codec ?? defaultCodec(extname(target));
  const seconds = options.seconds ?? 1;
  const picture = ['-f', 'lavfi', '-i', pictureSource(options, seconds)];
  const tone = options.audio ? ['-f', 'lavfi', '-i', `sine=d=${seconds}`] : [];
  const inputs = options.audio === 'first' ? [...tone, ...picture] : [...picture, ...tone];
  return [
    ...['-nostdin', '-v', 'error', '-y', ...inputs],
    ...(options.audio ? ['-map', '0', '-map', '1', '-shortest'] : []),
    ...encoders[codec],
    ...(codec === 'gif' ? [] : ['-pix_fmt', options.pixelFormat ?? defaultPixelFormat(codec)]),
    ...(options.frames ? ['-frames:v', String(options.frames)] : []),
    ...(options.outputOptions ?? []),
    target,
  ];
}

function pictureSource(options: ClipOptions, seconds: number): string {
  const { width = 320, height = 180, fps = 30, pattern = 'moving', seed = 0, sar = '1:1' } = options;
  const sources = {
    moving: 'testsrc2=s=640x360',
    bars: 'smptebars=s=640x360',
    noise: 'color=gray:s=640x360',
  };
  const source = pattern in sources ? sources[pattern as keyof typeof sources] : `color=${pattern}:s=640x360`;
  const noise = pattern === 'noise' ? `,noise=alls=90:allf=t:all_seed=${seed + 1}` : '';
  const hue = seed ? `,hue=h=${(seed * 47) % 360}:s=${1 + (seed % 5) / 5}` : '';
  // Scaled from an even size, because the sources round odd ones down.
  return `${source}:r=${fps}:d=${seconds}${noise}${hue},scale=${width}:${height},setsar=${sar.replace(':', '/')}`;
}

function defaultCodec(extension: string): keyof typeof encoders {
  if (extension === '.webm') return 'vp9';
  if (extension === '.gif') return 'gif';
  return extension === '.avi' ? 'mpeg4' : 'h264';
}

function defaultPixelFormat(codec: keyof typeof encoders): string {
  if (codec === 'prores') return 'yuv422p10le';
  return codec === 'mjpeg' ? 'yuvj420p' : 'yuv420p';
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null)) !== null;
}
