import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { encoderThreads, runFfmpeg, scalerFlags } from './bare-ffmpeg.ts';
import type { BenchFilm } from './bench-film.ts';
import { diskUse } from './disk-use.ts';
import { inParallel } from './in-parallel.ts';

/** How frames go through files of their own. */
export interface PngWay {
  readonly film: BenchFilm;
  readonly folder: string;
  /** Programs that upscale batches, side by side. */
  readonly workers: number;
  readonly batchSize: number;
  readonly preset: string;
  /** How thoroughly PNG files are compressed; null: as ffmpeg does unless told. */
  readonly compression: number | null;
}

/**
 * Upscales a film as the documents that this project began with do: every frame becomes a PNG file, batches of them
 * become larger PNG files, and these are encoded. Nothing is kept.
 */
export async function upscaleByPng(
  way: PngWay,
): Promise<{ readonly ms: number; readonly diskBytes: number }> {
  const [input, output] = [join(way.folder, 'input_frames'), join(way.folder, 'output_frames')];
  for (const folder of [input, output]) await mkdir(folder, { recursive: true });
  const startMs = performance.now();
  await runFfmpeg([
    '-i',
    way.film.path,
    '-map',
    '0:v:0',
    '-fps_mode',
    'passthrough',
    ...png(way),
    names(input),
  ]);
  const frames = (await readdir(input)).length;
  const starts = Array.from(
    { length: Math.ceil(frames / way.batchSize) },
    (_, batch) => batch * way.batchSize + 1,
  );
  await inParallel(starts, way.workers, (first) => runFfmpeg(batchArguments(way, { input, output, first })));
  const video = join(way.folder, 'larger.mp4');
  await runFfmpeg(encodeArguments(way, output, video));
  const ms = performance.now() - startMs;
  const diskBytes = await diskUse([way.folder]);
  await rm(way.folder, { recursive: true });
  return { ms, diskBytes };
}

function batchArguments(
  way: PngWay,
  { input, output, first }: { readonly input: string; readonly output: string; readonly first: number },
): string[] {
  const { width, height } = way.film;
  return [
    ...['-start_number', String(first), '-i', names(input), '-frames:v', String(way.batchSize)],
    // One thread each, as a lane has.
    ...['-filter_threads', '1', '-vf', `scale=${2 * width}:${2 * height}:flags=${scalerFlags}`],
    ...[...png(way), '-start_number', String(first), names(output)],
  ];
}

function encodeArguments({ film, preset }: PngWay, output: string, video: string): string[] {
  return [
    ...[
      '-framerate',
      '24',
      '-i',
      names(output),
      '-i',
      film.path,
      '-map',
      '0:v',
      '-map',
      '1:a?',
      '-c:a',
      'copy',
    ],
    ...['-vf', 'scale=out_color_matrix=bt709,format=yuv420p', '-c:v', 'libx264', '-preset', preset],
    ...['-crf', '18', '-threads', String(encoderThreads), video],
  ];
}

function names(folder: string): string {
  return join(folder, 'frame_%06d.png');
}

function png({ compression }: PngWay): string[] {
  return compression === null ? [] : ['-compression_level', String(compression)];
}
