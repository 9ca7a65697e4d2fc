import { rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { OutputContainer } from '../../core/frames/container-limits.ts';
import type { SoundTrial } from '../../core/frames/convert-sound.ts';
import type { PictureSeries } from '../../core/frames/picture-series.ts';
import type { OtherStreamFacts, VideoFacts, VideoStreamFacts } from '../../core/frames/video-facts.ts';
import type { Size } from '../../core/hints/display-size.ts';
import type {
  AssemblyProgress,
  AssemblyRequest,
  JoinedPictures,
  JoinOptions,
  PacketIndex,
  PartRequest,
  PictureRequest,
  PicturesToWrite,
  PreviewRequest,
  ScanEnd,
  ScannedFrame,
  ScanOptions,
  SegmentCheck,
  VerifiedVideo,
  VideoOfFile,
  VideoPart,
  VideoTool,
} from '../../ports/video-tool.ts';
import type { Clip, Encoding } from '../../protocol/segment.ts';
import { cosmosFolders } from '../cosmos-folders.ts';
import { chooseVideoStream } from '../ffmpeg/choose-video-stream.ts';
import { unreadableVideo } from '../ffmpeg/failures.ts';
import { askFfprobe, type FfprobeOptions } from '../ffmpeg/ffprobe.ts';
import { type FfmpegPrograms, findPrograms } from '../ffmpeg/programs.ts';
import { identifySource, statSource } from '../ffmpeg/source-file.ts';
import { tryEncoder } from '../frames/try-encoder.ts';
import { assembleVideo } from './assembly/assemble.ts';
import { checkSegment } from './check-segment.ts';
import { cutVideoPart } from './cut-part.ts';
import { arePicturesAlike, joinPictures } from './pictures/join-pictures.ts';
import { writePictures } from './pictures/write-pictures.ts';
import { renderPreview } from './preview.ts';
import { retimedCopy } from './retime.ts';
import { scanFrames } from './scan.ts';
import { indexPackets } from './source-packets.ts';
import { takePictures } from './still-pictures.ts';
import {
  describeOther,
  describeVideo,
  endOfStreams,
  hdrEntries,
  type ProbeAnswer,
  type ProbeFrame,
  probeAnswerSchema,
  probeFrameSchema,
  probeQuestions,
} from './stream-facts.ts';
import { trySound } from './try-sound.ts';
import { writePicture } from './write-picture.ts';

/** Packets read in search of a first frame: a recording may begin in the middle of a group of pictures. */
const searchedPackets = [1, 600];

/** The longest that reading a file's headers may take, in milliseconds. */
const inspectTimeoutMs = 60_000;

interface VideoToolSettings {
  readonly programs?: FfmpegPrograms;
  readonly retimedFolder?: string;
}

function defaultFolder(): string {
  return join(cosmosFolders(process.env, process.platform).cache, 'retimed');
}

/** Files whose facts are remembered: a run asks three times for those of its source. */
const rememberedFiles = 16;

/** A {@link VideoTool} of ffmpeg and ffprobe. It remembers the copies it made, and what it was asked last. */
export class FfmpegVideoTool implements VideoTool {
  readonly #inspected = new Map<string, VideoFacts>();
  /** Encoders that were tried: of many videos each way of encoding once. */
  readonly #tried = new Map<string, string | null>();
  readonly #retimedFolder: string;
  readonly #programs: FfmpegPrograms;

  /** @param settings - `retimedFolder`: where copies with joined times are kept; nothing else is in there. */
  constructor({ programs = findPrograms(), retimedFolder = defaultFolder() }: VideoToolSettings = {}) {
    this.#programs = programs;
    this.#retimedFolder = retimedFolder;
  }

  async inspect(path: string, signal?: AbortSignal): Promise<VideoFacts> {
    signal?.throwIfAborted();
    const identity = await identifySource(path);
    const known = this.#inspected.get(identity);
    if (known) return known;
    const program = this.#programs.ffprobe;
    const facts = await inspectVideo(path, { program, timeoutMs: inspectTimeoutMs, signal });
    this.#inspected.set(identity, facts);
    const [oldest = identity] = this.#inspected.keys();
    if (this.#inspected.size > rememberedFiles) this.#inspected.delete(oldest);
    return facts;
  }

  scan(
    path: string,
    stream: VideoStreamFacts,
    options: ScanOptions,
    signal?: AbortSignal,
  ): AsyncGenerator<ScannedFrame, ScanEnd> {
    return scanFrames({ programs: this.#programs, path, stream, options, signal });
  }

  async packetIndex(path: string, facts: VideoFacts, signal?: AbortSignal): Promise<PacketIndex> {
    await statSource(path);
    return await indexPackets(path, facts, { programs: this.#programs, signal });
  }

  async retime(path: string, facts: VideoFacts, signal?: AbortSignal): Promise<string> {
    return await retimedCopy(this.#retimedFolder, path, facts, { programs: this.#programs, signal });
  }

  async joinPictures(
    series: PictureSeries,
    options: JoinOptions,
    signal?: AbortSignal,
  ): Promise<JoinedPictures> {
    return await joinPictures(this.#retimedFolder, series, options, signal);
  }

  async arePicturesAlike(series: PictureSeries, signal?: AbortSignal): Promise<boolean> {
    return await arePicturesAlike(series, signal);
  }

  async writePictures(
    pictures: PicturesToWrite,
    onProgress: (progress: AssemblyProgress) => void,
    signal?: AbortSignal,
  ): Promise<{ readonly sizeBytes: number }> {
    const { pixelFormat } = (await this.inspect(pictures.videoPath, signal)).video;
    const options = { programs: this.#programs, signal };
    return await writePictures({ ...pictures, pixelFormat }, onProgress, options);
  }

  async cutPart(request: PartRequest, signal?: AbortSignal): Promise<VideoPart | null> {
    return await cutVideoPart(request, { programs: this.#programs, signal });
  }

  async checkSegment(check: SegmentCheck, signal?: AbortSignal): Promise<string | null> {
    return await checkSegment(check, { programs: this.#programs, signal });
  }

  async removeRetimed(path: string): Promise<void> {
    // A checkpoint may name any path.
    if (dirname(resolve(path)) === resolve(this.#retimedFolder)) await rm(path, { force: true });
  }

  async writePicture(
    videoPath: string,
    picturePath: string,
    mayReplace: boolean,
    signal?: AbortSignal,
  ): Promise<{ readonly sizeBytes: number }> {
    const { pixelFormat } = (await this.inspect(videoPath, signal)).video;
    const picture = { videoPath, picturePath, mayReplace, pixelFormat };
    return await writePicture(picture, { programs: this.#programs, signal });
  }

  async discard(paths: readonly string[]): Promise<void> {
    for (const path of paths) await rm(path, { force: true });
  }

  async trySound(
    path: string,
    stream: OtherStreamFacts,
    as: { readonly container: OutputContainer; readonly codec: string },
    signal?: AbortSignal,
  ): Promise<SoundTrial> {
    return await trySound({ path, stream, ...as }, { programs: this.#programs, signal });
  }

  async tryEncoder(
    clip: Omit<Clip, 'source'>,
    encoding: Encoding,
    signal: AbortSignal,
  ): Promise<string | null> {
    const { width, height, pixel_format: format } = clip.target;
    const key = JSON.stringify([encoding, Math.min(width, 256), Math.min(height, 144), format]);
    const known = this.#tried.get(key);
    if (known !== undefined) return known;
    const reason = await tryEncoder(this.#programs.ffmpeg, clip, encoding, signal);
    this.#tried.set(key, reason);
    return reason;
  }

  async assemble(
    request: AssemblyRequest,
    onProgress: (progress: AssemblyProgress) => void,
    signal?: AbortSignal,
  ): Promise<VerifiedVideo> {
    return await assembleVideo(request, onProgress, signal, this.#programs);
  }

  async pictures(
    source: VideoOfFile,
    frames: readonly PictureRequest[],
    box: Size,
    signal?: AbortSignal,
  ): Promise<readonly (Uint8Array | null)[]> {
    signal?.throwIfAborted();
    await statSource(source.path);
    return await takePictures(this.#programs.ffmpeg, source, frames, box, signal);
  }

  async makePreview(request: PreviewRequest, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    await statSource(request.sourcePath);
    await renderPreview(this.#programs.ffmpeg, request, signal);
  }
}

/**
 * What is in a video file: the video stream that is meant, and all others.
 *
 * @throws AppError `video-unreadable` also when that stream's first frames cannot be decoded.
 */
async function inspectVideo(path: string, options: FfprobeOptions): Promise<VideoFacts> {
  const { size } = await statSource(path);
  const answer = await askFfprobe(path, probeQuestions, probeAnswerSchema, options);
  const videos = answer.streams.filter(
    ({ codec_type: type, disposition }) => type === 'video' && disposition?.attached_pic !== 1,
  );
  const stream = videos[await chooseVideoStream(path, videos, options)];
  if (!stream) throw unreadableVideo(path, 'it holds no video, only sound, a cover picture or nothing');
  const { format_name: container = '' } = answer.format;
  const video = describeVideo(stream, await firstFrame(path, stream.index, options), container);
  if (!video) throw unreadableVideo(path, 'its first frames cannot be decoded');
  return {
    container,
    sizeBytes: Number(size),
    startSeconds: Number(answer.format.start_time) || 0,
    durationSeconds: durationOf(answer),
    video,
    others: answer.streams.filter(({ index }) => index !== stream.index).map(describeOther),
    othersEndSeconds: endOfStreams(answer, stream.index),
    chapters: answer.chapters.map(({ start_time: startSeconds, end_time: endSeconds }) => {
      return { startSeconds, endSeconds };
    }),
  };
}

async function firstFrame(path: string, stream: number, options: FfprobeOptions): Promise<ProbeFrame | null> {
  for (const packets of searchedPackets) {
    const questions = [
      ...['-select_streams', String(stream), '-read_intervals', `%+#${packets}`, '-show_frames'],
      ...['-show_entries', `frame=pix_fmt,interlaced_frame:frame_side_data=side_data_type,${hdrEntries}`],
    ];
    const { frames } = await askFfprobe(path, questions, probeFrameSchema, options);
    if (frames[0]) return frames[0];
  }
  return null;
}

function durationOf({ format }: ProbeAnswer): number | null {
  const seconds = Number(format.duration);
  return seconds > 0 ? seconds : null;
}
