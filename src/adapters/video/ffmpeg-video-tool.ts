import type { VideoFacts, VideoStreamFacts } from '../../core/frames/video-facts.ts';
import type { Size } from '../../core/hints/display-size.ts';
import type {
  AssemblyProgress,
  AssemblyRequest,
  ScanEnd,
  ScannedFrame,
  ScanOptions,
  VerifiedVideo,
  VideoTool,
} from '../../ports/video-tool.ts';
import { type FfmpegPrograms, findPrograms } from '../ffmpeg/programs.ts';
import { statSource } from '../ffmpeg/source-file.ts';
import { assembleVideo } from './assembly/assemble.ts';
import { inspectVideo } from './inspect.ts';
import { scanFrames } from './scan.ts';
import { readKeyTimes } from './source-packets.ts';
import { takePictures } from './still-pictures.ts';

/** The longest that reading a file's headers may take, in milliseconds. */
const inspectTimeoutMs = 60_000;

/** A {@link VideoTool} of ffmpeg and ffprobe. It remembers nothing. */
export class FfmpegVideoTool implements VideoTool {
  readonly #programs: FfmpegPrograms;

  constructor(programs: FfmpegPrograms = findPrograms()) {
    this.#programs = programs;
  }

  async inspect(path: string, signal?: AbortSignal): Promise<VideoFacts> {
    return await inspectVideo(path, { program: this.#programs.ffprobe, timeoutMs: inspectTimeoutMs, signal });
  }

  scan(
    path: string,
    stream: VideoStreamFacts,
    options: ScanOptions,
    signal?: AbortSignal,
  ): AsyncGenerator<ScannedFrame, ScanEnd> {
    return scanFrames({ programs: this.#programs, path, stream, options, signal });
  }

  async keyTimes(path: string, stream: VideoStreamFacts, signal?: AbortSignal): Promise<Float64Array> {
    await statSource(path);
    return await readKeyTimes(path, stream, { programs: this.#programs, signal });
  }

  async assemble(
    request: AssemblyRequest,
    onProgress: (progress: AssemblyProgress) => void,
    signal?: AbortSignal,
  ): Promise<VerifiedVideo> {
    return await assembleVideo(request, onProgress, signal, this.#programs);
  }

  async pictures(
    path: string,
    frames: readonly { readonly frame: number; readonly seconds: number }[],
    box: Size,
    signal?: AbortSignal,
  ): Promise<readonly (Uint8Array | null)[]> {
    signal?.throwIfAborted();
    await statSource(path);
    const moments = frames.map(({ seconds }) => seconds);
    return await takePictures(this.#programs.ffmpeg, path, moments, box, signal);
  }
}
