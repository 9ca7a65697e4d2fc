import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ConcurrencyLimiter } from '../../async/limits.ts';
import type { Size } from '../../core/hints/display-size.ts';
import type { VideoInfo } from '../../core/hints/video-info.ts';
import type { HintFile, HintRequest, MediaTool, RgbFrame } from '../../ports/media-tool.ts';
import { unreadableVideo } from '../ffmpeg/failures.ts';
import {
  LargePictureError,
  limitsFor,
  mostHintPixels,
  mostPixels,
  ordinaryPixels,
  refusedSize,
} from '../ffmpeg/picture-limits.ts';
import { type FfmpegPrograms, findPrograms } from '../ffmpeg/programs.ts';
import { type FfmpegOptions, ProgramRefusedError, readText } from '../ffmpeg/run-ffmpeg.ts';
import { asFileUrl, sourceOptions, statSource } from '../ffmpeg/source-file.ts';
import { ownerOnlyFolder } from '../files/publish-file.ts';
import { Mp4FormatError } from '../mp4/boxes.ts';
import { asHintWriteError } from './hint-errors.ts';
import { decodeRgbFrames, type JpegFrames, parseHint } from './hint-frames.ts';
import { probeWithFfprobe } from './probe.ts';
import { quickProbe } from './quick-probe.ts';
import { renderHintVideo } from './render-hint-video.ts';

/** For one ffmpeg with the largest frames, and what the rest of the machine needs beside it, in bytes. */
const largeFrameBytes = 2 * 1024 ** 3;
/** Videos with frames beyond {@link ordinaryPixels}, of this whole program. */
const largeFrames = new ConcurrencyLimiter(
  Math.max(1, Math.floor(process.availableMemory() / largeFrameBytes)),
);

export interface FfmpegMediaToolOptions {
  /** Where hints are written; made when missing. */
  readonly hintFolder: string;
  readonly programs?: FfmpegPrograms;
  /** The most one process may take, in milliseconds. */
  readonly timeoutMs?: number;
}

/**
 * A {@link MediaTool} that starts at most one ffmpeg or ffprobe process for each call.
 *
 * Nothing is remembered: each `makeHint` writes a file of a new name, which is the caller's to keep or remove.
 */
export class FfmpegMediaTool implements MediaTool {
  readonly #hintFolder: string;
  readonly #programs: FfmpegPrograms;
  readonly #timeoutMs: number;

  constructor(options: FfmpegMediaToolOptions) {
    this.#hintFolder = options.hintFolder;
    this.#programs = options.programs ?? findPrograms();
    this.#timeoutMs = options.timeoutMs ?? 60_000;
  }

  async probe(path: string, signal?: AbortSignal): Promise<VideoInfo> {
    signal?.throwIfAborted();
    await statSource(path);
    return (
      (await quickProbe(path)) ?? (await probeWithFfprobe(path, this.#processOptions('ffprobe', signal)))
    );
  }

  async decode(path: string, signal?: AbortSignal): Promise<VideoInfo> {
    const info = await this.probe(path, signal);
    const { size } = await statSource(path);
    const frames = await decodedFrames(
      path,
      { ...info, sizeBytes: Number(size) },
      { programs: this.#programs, signal },
    );
    return { ...info, frames };
  }

  async makeHint(request: HintRequest, signal?: AbortSignal): Promise<HintFile> {
    signal?.throwIfAborted();
    await statSource(request.sourcePath);
    const target = join(this.#hintFolder, `${randomBytes(12).toString('hex')}.mp4`);
    try {
      await mkdir(this.#hintFolder, { recursive: true, mode: ownerOnlyFolder });
      return await this.#render(request, target, signal);
    } catch (error) {
      await rm(target, { force: true }).catch(() => undefined);
      if (signal?.aborted) throw signal.reason;
      throw asHintWriteError(error, target);
    }
  }

  /**
   * Any number of ordinary videos at once, and few with large frames. The size that is known is the one that is shown:
   * where the stored one is another, ffmpeg refuses the first attempt.
   */
  async #render(request: HintRequest, target: string, signal?: AbortSignal): Promise<HintFile> {
    const render = async (mostPixels: number) =>
      await renderHintVideo(request, target, { ...this.#processOptions('ffmpeg', signal), mostPixels });
    const { width, height } = request.video;
    if (width * height <= ordinaryPixels) {
      try {
        return await render(ordinaryPixels);
      } catch (error) {
        if (!(error instanceof LargePictureError)) throw error;
      }
    }
    return await largeFrames.run(async () => await render(mostHintPixels), signal);
  }

  async readJpegFrames(hintPath: string, signal?: AbortSignal): Promise<readonly Uint8Array[]> {
    return (await readHint(hintPath, signal)).frames;
  }

  async readRgbFrames(hintPath: string, signal?: AbortSignal): Promise<readonly RgbFrame[]> {
    const jpegs = await readHint(hintPath, signal);
    return await decodeRgbFrames(hintPath, jpegs, this.#processOptions('ffmpeg', signal));
  }

  #processOptions(program: keyof FfmpegPrograms, signal: AbortSignal | undefined) {
    return { program: this.#programs[program], timeoutMs: this.#timeoutMs, signal };
  }
}

/** @throws AppError `video-unreadable` where one frame cannot be decoded, or there is none. */
async function decodedFrames(
  path: string,
  { sizeBytes, ...size }: Size & { readonly sizeBytes: number },
  options: FfmpegOptions,
): Promise<number> {
  const progress = await readText({
    ...options,
    program: 'ffmpeg',
    arguments: [
      ...[
        '-nostdin',
        '-v',
        'error',
        '-xerror',
        '-err_detect',
        'explode',
        ...sourceOptions,
        ...limitsFor(size),
      ],
      ...['-i', asFileUrl(path), '-map', '0:v:0', '-f', 'null'],
      ...['-progress', 'pipe:1', '-'],
    ],
    doing: 'Decoding the video',
    workBytes: sizeBytes,
  }).catch((error: unknown) => {
    if (!(error instanceof ProgramRefusedError)) throw error;
    const tooLarge = refusedSize(error.message);
    if (tooLarge) throw new LargePictureError(path, tooLarge, mostPixels);
    throw unreadableVideo(path, 'it is damaged', { cause: error });
  });
  const frames = Number([...progress.matchAll(/^frame=\s*(\d+)/gm)].at(-1)?.[1] ?? 0);
  if (frames === 0) throw unreadableVideo(path, 'it holds no frame that can be decoded');
  return frames;
}

async function readHint(path: string, signal: AbortSignal | undefined): Promise<JpegFrames> {
  signal?.throwIfAborted();
  await statSource(path);
  try {
    return parseHint(await readFile(path, signal ? { signal } : {}));
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    if (error instanceof Mp4FormatError)
      throw unreadableVideo(path, `it is not a hint: ${error.message}`, { cause: error });
    throw error;
  }
}
