import type { FrameSize } from '../core/hints/choose-hint.ts';
import type { Size } from '../core/hints/display-size.ts';
import type { VideoInfo } from '../core/hints/video-info.ts';

/** What a hint is to be made of. */
export interface HintRequest {
  readonly sourcePath: string;
  readonly video: VideoInfo;
  /** Size of the hint's frames in pixels, and of the picture inside where they have bars. */
  readonly size: FrameSize;
  /** How many frames, at least 1. A clip that has fewer gives fewer. */
  readonly frames: number;
  /** Frames per second of source time between the frames taken. Short clips are sampled denser. */
  readonly fps: number;
}

/** A finished hint: a small clip (Motion JPEG in MP4) that holds exactly the frames the model will see. */
export interface HintFile extends Size {
  readonly path: string;
  /** Hex SHA-256 of the file. */
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly frames: number;
}

/** One decoded frame: 8-bit RGB, row by row, `width * height * 3` bytes. */
export interface RgbFrame extends Size {
  readonly data: Uint8Array;
}

/**
 * Everything that is asked of a video.
 *
 * All calls are safe to repeat and to run in parallel; all stop their process when `signal` aborts and then
 * reject with the signal's reason. What cannot be read is an `AppError` with code `video-unreadable`, what
 * cannot be made one with code `hint-failed`; a missing ffmpeg is `prerequisite-missing`; a full disk is
 * `disk-full`.
 */
export interface MediaTool {
  /** Size, length and rate of a video: of several in a file the default one, unless it is next to nothing, else the longest. */
  probe(path: string, signal?: AbortSignal): Promise<VideoInfo>;
  /** Size, rate and number of frames of a video, all of which are decoded for it. One that is damaged is unreadable. */
  decode(path: string, signal?: AbortSignal): Promise<VideoInfo>;
  /**
   * Makes the hint, or finds it: the same source and parameters give the same bytes, and never half a file. It may
   * be moved or removed only by the owner of the tool.
   */
  makeHint(request: HintRequest, signal?: AbortSignal): Promise<HintFile>;
  /** The frames of a hint as JPEG files in memory, in order. */
  readJpegFrames(hintPath: string, signal?: AbortSignal): Promise<readonly Uint8Array[]>;
  /** The frames of a hint decoded, in order. */
  readRgbFrames(hintPath: string, signal?: AbortSignal): Promise<readonly RgbFrame[]>;
}
