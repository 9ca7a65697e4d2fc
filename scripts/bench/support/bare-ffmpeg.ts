import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';

/** Flags of the scaler that the program uses, so that both sides compute the same. */
export const scalerFlags = 'lanczos+accurate_rnd+full_chroma_int+full_chroma_inp+bitexact';

/** Threads of the encoder: as many as x264 takes by itself on this machine. */
export const encoderThreads = Math.min(16, Math.ceil(1.5 * availableParallelism()));

/** How a video is upscaled by one ffmpeg. */
export interface BareUpscale {
  readonly source: string;
  readonly output: string;
  /** Of the source, in pixels. */
  readonly width: number;
  readonly height: number;
  readonly preset: string;
}

/** Decodes, scales by two, encodes and copies the sound, in one process: the same work without any of the rest. */
export function bareUpscaleArguments({ source, output, width, height, preset }: BareUpscale): string[] {
  return [
    ...['-i', source, '-map', '0:v:0', '-map', '0:a?'],
    ...['-vf', `scale=${2 * width}:${2 * height}:flags=${scalerFlags}`],
    ...['-c:v', 'libx264', '-preset', preset, '-crf', '18', '-threads', String(encoderThreads)],
    ...['-fps_mode', 'passthrough', '-c:a', 'copy', output],
  ];
}

/** Runs ffmpeg to its end; milliseconds from start to end. */
export async function runFfmpeg(args: readonly string[], env = process.env): Promise<number> {
  const startMs = performance.now();
  const child = spawn('ffmpeg', ['-nostdin', '-v', 'error', '-y', ...args], {
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0) throw new Error(`ffmpeg ended with ${code}: ${args.join(' ')}`);
  return performance.now() - startMs;
}
