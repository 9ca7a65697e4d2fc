import type { FrameFormat } from '../core/frames/frame-format.ts';
import type { Clip, Encoding, SegmentTask } from '../protocol/segment.ts';

/** Takes frames in; waits when they come faster than they can be taken. */
export interface FrameSink {
  /** The buffer may be used again when this resolves. */
  write(frame: Uint8Array): Promise<void>;
  /** No frame comes any more; resolves when everything that was written is done with. */
  finish(): Promise<void>;
}

/** A program that turns each frame into one other frame, in order. */
export interface FrameFilter {
  /** Frames in, as many frames out. One call at a time. */
  filter(frames: readonly Uint8Array[]): Promise<Uint8Array[]>;
  /** Ends the program. Safe to call twice. */
  close(): Promise<void>;
}

/** A file of the wanted frames and their clip. */
export interface DecodeRequest {
  readonly sourcePath: string;
  readonly segment: SegmentTask;
  /** Gives the memory for the next frame, as large as one; new memory for each unless given. */
  readonly allocate?: () => Uint8Array;
}

/** A segment without repeats and context that is only to be resampled: what becomes of it is a file. */
export interface ResampleRequest {
  readonly sourcePath: string;
  readonly segment: SegmentTask;
  readonly path: string;
  readonly encoding: Encoding;
  /** Called now and then with the number of frames that are done. */
  onFrames(done: number): void;
}

/** Where and how frames become a file: MP4, or QuickTime for codecs that MP4 has no place for, frames at the clip's nominal rate, one key frame at its start. */
export interface EncodeRequest {
  readonly path: string;
  /** Format of the frames that are written; their size may differ from the clip's target. */
  readonly frame: FrameFormat;
  readonly clip: Clip;
  readonly encoding: Encoding;
}

/**
 * Frames as they flow through pipes, never through files of single frames.
 *
 * All programs end when `signal` aborts, and calls then reject with its reason. What cannot be read is an `AppError`
 * with code `video-unreadable`; a missing ffmpeg is `prerequisite-missing`; a full disk is `disk-full`; anything else
 * that ends a program is `frames-failed`.
 */
export interface FrameTool {
  /**
   * The unique frames of a segment, in order: exactly one for each of its `repeats`, in the clip's frame format.
   *
   * @throws AppError `video-unreadable` when decoding gives another number of frames than the segment has.
   */
  decode(request: DecodeRequest, signal: AbortSignal): AsyncIterable<Uint8Array>;
  /** Resamples frames with Lanczos kernels. */
  startScaling(from: FrameFormat, to: FrameFormat, clip: Clip | null, signal: AbortSignal): FrameFilter;
  /**
   * Decodes, resamples with Lanczos kernels and encodes a segment in one program, which spares carrying its frames from one to
   * the next: the file is the same, byte for byte. It is whole and flushed to the disk when this resolves.
   *
   * @throws AppError as `decode` and `encode`.
   */
  resample(request: ResampleRequest, signal: AbortSignal): Promise<void>;
  /** The same frames give the same bytes. The file is whole and flushed to the disk when `finish` resolves. */
  encode(request: EncodeRequest, signal: AbortSignal): FrameSink;
}

/** One picture, 8-bit RGB, row by row. */
export interface RgbPicture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** Pictures in files of the web, PNG and JPEG. */
export interface PictureTool {
  /**
   * @throws AppError `picture-unreadable` for what is neither PNG nor JPEG, is damaged, or has more than `maxPixels`
   * pixels, which is found before it is decoded.
   */
  decodePicture(file: Uint8Array, maxPixels: number, signal: AbortSignal): Promise<RgbPicture>;
  encodePng(picture: RgbPicture, signal: AbortSignal): Promise<Uint8Array>;
}
