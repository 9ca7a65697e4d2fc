import type { VideoCodec } from '../core/encoding/codecs.ts';
import type { OutputContainer } from '../core/frames/container-limits.ts';
import type { SoundTrial } from '../core/frames/convert-sound.ts';
import type { Fraction } from '../core/frames/fraction.ts';
import type { PicturePattern, PictureSeries } from '../core/frames/picture-series.ts';
import type { StreamPlan } from '../core/frames/stream-plan.ts';
import type { TimeBreak } from '../core/frames/time-breaks.ts';
import type { Timeline } from '../core/frames/timeline.ts';
import type { OtherStreamFacts, VideoFacts, VideoStreamFacts } from '../core/frames/video-facts.ts';
import type { Size } from '../core/hints/display-size.ts';
import type { Clip, Encoding } from '../protocol/segment.ts';

/** One frame of a video as the plan sees it. */
export interface ScannedFrame {
  /** Presentation time in ticks of the stream's time base. */
  readonly time: number;
  /** In the same ticks; 0 where it is not known. */
  readonly duration: number;
  /** Hash of the decoded picture: equal hashes are equal pictures. */
  readonly hash: string;
  /** 8-bit samples as yuv420p, at full size and as stored; null unless asked for. Valid until the next frame is taken. */
  readonly picture: Uint8Array | null;
}

export interface ScanOptions {
  readonly withPictures: boolean;
  /** A damaged file gives what can be read of it, instead of an error. */
  readonly keepGoing: boolean;
}

/** A frame from which on pictures are stored in another way than those before. */
export interface FormatChange {
  /** In ticks of the stream's time base; null where the frame has no time. */
  readonly time: number | null;
  readonly from: StoredFormat;
  readonly to: StoredFormat;
}

/** How a frame is stored. */
export interface StoredFormat {
  readonly size: Size;
  /** ffmpeg's name; null for another one than the first frame has. */
  readonly pixelFormat: string | null;
  /** Shape of a pixel, width to height, as ffmpeg writes it: `16/15`; `0/1` where it is not known. */
  readonly sampleAspect: string;
}

export interface ScanEnd {
  /** What ffmpeg had to say about damage; null where there was none. */
  readonly damage: string | null;
  /** The first few places where the format of the frames changes. Pictures are scaled to the stream's size throughout. */
  readonly changes: readonly FormatChange[];
}

/** What a person is shown of a video, in two files. */
export interface PreviewRequest {
  readonly sourcePath: string;
  readonly durationSeconds: number;
  /** Of all pictures, in pixels; even. */
  readonly size: Size;
  /** The first seconds, as every browser plays them: H.264 in MP4, without sound. */
  readonly clip: { readonly path: string; readonly seconds: number };
  /** Frames from all over the video, the first among them: Motion JPEG in MP4, as a hint is. */
  readonly stills: { readonly path: string; readonly count: number };
}

/** What the packets of a file say; nothing is decoded for it. */
export interface PacketIndex {
  /**
   * When each frame of the video is shown, ascending, in ticks of its time base: what a decoder gives of an undamaged
   * file. Null where only decoding tells.
   */
  readonly frameTimes: Float64Array | null;
  /** Presentation times of the video's key frames, ascending, in ticks of its time base. */
  readonly keyTimes: Float64Array;
  /** How long the last frame is shown, in the same ticks; null where the file does not say. */
  readonly lastDuration: number | null;
  /** Where the file's clock does not continue. */
  readonly breaks: readonly TimeBreak[];
  /** Of sound and pictures together, in seconds, once the times continue. */
  readonly lengthSeconds: number;
}

/** One of a file's videos that are no cover pictures, by its place among them, from 0. */
export interface VideoOfFile {
  readonly path: string;
  readonly place: number;
}

/** A frame that is shown to a person. */
export interface PictureRequest {
  readonly frame: number;
  readonly seconds: number;
  /** Which part of the picture as shown, in fractions of its sides; missing: all. */
  readonly part?: { readonly x: number; readonly y: number; readonly width: number; readonly height: number };
}

/** Frames of a video that are to be decoded from a file of their own. Times are ticks of `timeBase`. */
export interface PartRequest {
  readonly sourcePath: string;
  /** Number of the video stream in its file. */
  readonly stream: number;
  readonly timeBase: Fraction;
  /** Of the key frame to decode from; null: from the file's beginning. */
  readonly seekTime: number | null;
  readonly firstTime: number;
  /** Frames before this; null: to the end. */
  readonly endTime: number | null;
  readonly frames: number;
  readonly target: string;
}

/** A file with a part of a video, which is its only stream. */
export interface VideoPart {
  readonly timeBase: Fraction;
  /** How many of its ticks one tick of the source lasts: its times are those of the source, times this. */
  readonly ticks: number;
}

/** A segment's file and what it is part of. */
export interface SegmentFile {
  readonly path: string;
  readonly frames: number;
  /** Hex SHA-256 of the file; where it is given, another content is never used. */
  readonly sha256?: string;
}

/** A segment as it arrived, and what it has to be. */
export interface SegmentCheck {
  readonly path: string;
  readonly sizeBytes: number;
  readonly frames: number;
  /** Of its pictures, as stored. */
  readonly size: Size;
  readonly codec: VideoCodec;
  /** Whether its frames are decoded as well: for one that was made elsewhere. */
  readonly isDecoded: boolean;
}

/** What the finished video is made of. */
export interface AssemblyRequest {
  readonly source: { readonly path: string; readonly facts: VideoFacts };
  /** What becomes of each other stream of the source. */
  readonly streams: readonly StreamPlan[];
  /** In order; together they hold one frame for each of the timeline's times. Each file is removed once it is in the output. */
  readonly segments: readonly SegmentFile[];
  readonly timeline: Pick<Timeline, 'times' | 'endTime'>;
  /** Of the upscaled video; missing: `h264`. */
  readonly codec?: VideoCodec;
  /** How its frames are colours, for codecs that do not say it themselves, and what is known of HDR; missing: they do. */
  readonly picture?: Pick<Clip, 'color' | 'frame' | 'target' | 'hdr'>;
  /** Size of the upscaled picture as stored. */
  readonly size: Size;
  /** Whether frames were turned already, so that no rotation is to be noted. */
  readonly isTurned: boolean;
  /** Where what is under way lies; nothing else is in there. */
  readonly workFolder: string;
  /** The final path: nothing stands there before everything is verified. */
  readonly outputPath: string;
  /** Whether a file that stands there already may be replaced. */
  readonly mayReplace: boolean;
}

export interface AssemblyProgress {
  /** `append` counts segments, `verify` and `pictures` frames. */
  readonly step: 'streams' | 'append' | 'verify' | 'pictures';
  readonly done: number;
  readonly total: number;
}

/** What was verified of a finished video. */
export interface VerifiedVideo {
  readonly sizeBytes: number;
  readonly frames: number;
  readonly durationSeconds: number;
  /** The largest difference of a frame's time to its source's, in milliseconds. */
  readonly maxTimeErrorMs: number;
  /** What differs from the source in a way that can be lived with: sentences. */
  readonly notices: readonly string[];
  /** Number of streams besides the video; their packets are those of the source, unless they had to be converted. */
  readonly streams: { readonly copied: number; readonly converted: number };
}

export interface JoinOptions {
  /** Pictures that are damaged are left out, instead of an error. */
  readonly isKeptGoing: boolean;
  readonly onProgress: (done: number, total: number) => void;
}

/** Numbered pictures in one file. */
export interface JoinedPictures {
  readonly path: string;
  /** Of the pictures in it, in their order. */
  readonly numbers: readonly number[];
  /** Of all of them together. */
  readonly sizeBytes: number;
  /** Of the newest of them. */
  readonly modifiedMs: number;
  /** Which ones were left out, and why; null where none was. */
  readonly damage: string | null;
}

/** Pictures that a video is taken apart into. */
export interface PicturesToWrite {
  readonly videoPath: string;
  readonly pattern: PicturePattern;
  /** Of the frames, in their order. */
  readonly numbers: readonly number[];
  /** Whether pictures that are there may be replaced. */
  readonly mayReplace: boolean;
  /** The file that the video was made of: who may not read it may not read the pictures either. */
  readonly like: string;
  /** The folder of what is under way in this run: what lies beside the pictures is named after it. */
  readonly workFolder: string;
}

/**
 * Everything that is asked of a whole video.
 *
 * All calls may be repeated after any failure, and stop soon after `signal` aborts, rejecting with its reason. What
 * cannot be read is an `AppError` with code `video-unreadable`; a missing ffmpeg is `prerequisite-missing`; a full
 * disk is `disk-full`.
 */
export interface VideoTool {
  /** Whether a segment can become part of a video. @returns why not, to end a sentence; null where it can. */
  checkSegment(check: SegmentCheck, signal?: AbortSignal): Promise<string | null>;
  /** @throws AppError `video-unreadable` for a file without a video stream that can be decoded. */
  inspect(path: string, signal?: AbortSignal): Promise<VideoFacts>;
  /** Decodes every frame once, in order. Reading it through takes the same memory for any length. */
  scan(
    path: string,
    stream: VideoStreamFacts,
    options: ScanOptions,
    signal?: AbortSignal,
  ): AsyncGenerator<ScannedFrame, ScanEnd>;
  /** Reads the packets of all streams through once. Only frame times and breaks take memory. */
  packetIndex(path: string, facts: VideoFacts, signal?: AbortSignal): Promise<PacketIndex>;
  /**
   * The path of a copy of the file in which times continue where the file's clock breaks: of the streams of sound, pictures
   * and subtitles, the same packets. A copy that was made before is used again: the same file gives the same bytes.
   *
   * @throws AppError `video-unreadable` for a file whose times cannot be joined.
   */
  retime(path: string, facts: VideoFacts, signal?: AbortSignal): Promise<string>;
  /**
   * Copies the packets that some frames need to a file of its own, times included; replaces what is there.
   *
   * @returns null where the packets of the file do not give these frames, or where it cannot be cut.
   */
  cutPart(request: PartRequest, signal?: AbortSignal): Promise<VideoPart | null>;
  /**
   * Puts numbered pictures into one file, as they are, each a frame that is shown equally long; checks each as far as that is
   * possible without decoding it. A copy that was made before is used again: the same pictures give the same bytes.
   *
   * @throws AppError `video-unreadable` for a picture that is missing, damaged or unlike the first one.
   */
  joinPictures(series: PictureSeries, options: JoinOptions, signal?: AbortSignal): Promise<JoinedPictures>;
  /** Whether pictures can become one video, by their headers alone: of one size and one kind. */
  arePicturesAlike(series: PictureSeries, signal?: AbortSignal): Promise<boolean>;
  /** Removes a copy that {@link retime} or {@link joinPictures} made. */
  removeRetimed(path: string): Promise<void>;
  /**
   * Really takes the first second of a stream of sound into a container.
   *
   * @param codec - ffmpeg's name of an encoder, or `copy`, of which nothing is compared.
   */
  trySound(
    path: string,
    stream: OtherStreamFacts,
    as: { readonly container: OutputContainer; readonly codec: string },
    signal?: AbortSignal,
  ): Promise<SoundTrial>;
  /** Really encodes a few frames on this machine. @returns why that cannot be done, to end a sentence; null where it can. */
  tryEncoder(clip: Omit<Clip, 'source'>, encoding: Encoding, signal: AbortSignal): Promise<string | null>;
  /**
   * Puts segments together with all other streams, chapters, attachments and metadata of the source, verifies the
   * result, and gives it its name. Continues where an earlier call was killed.
   *
   * @throws AppError `output-exists` when a file is in the way that may not be replaced; `output-invalid` when what was made is not what was asked for; then nothing has the final name. A {@link SegmentsLostError} when segments have to be made again before the next call.
   */
  assemble(
    request: AssemblyRequest,
    onProgress: (progress: AssemblyProgress) => void,
    signal?: AbortSignal,
  ): Promise<VerifiedVideo>;
  /**
   * Writes the first frame of a video as a picture: PNG, JPEG or WebP, by the ending of its name. One that is there with the same
   * content stays.
   *
   * @throws AppError `output-exists` when another file is there that may not be replaced.
   */
  writePicture(
    videoPath: string,
    picturePath: string,
    mayReplace: boolean,
    signal?: AbortSignal,
  ): Promise<{ readonly sizeBytes: number }>;
  /**
   * Writes every frame of a video as a picture. A folder that is not there yet gets its name when all of them are in it; in one that
   * is there each is whole as soon as it has its name. May be repeated after a kill at any moment.
   *
   * @throws AppError `output-exists` when another file is there that may not be replaced.
   */
  writePictures(
    pictures: PicturesToWrite,
    onProgress: (progress: AssemblyProgress) => void,
    signal?: AbortSignal,
  ): Promise<{ readonly sizeBytes: number }>;
  /** Removes segments that are in no need of being put together any more. */
  discard(paths: readonly string[]): Promise<void>;
  /**
   * Pictures of some frames, or of a part of them, as JPEG files of at most `box`; null where a frame cannot be read.
   */
  pictures(
    source: VideoOfFile,
    frames: readonly PictureRequest[],
    box: Size,
    signal?: AbortSignal,
  ): Promise<readonly (Uint8Array | null)[]>;
  /** Makes both files, in folders that are there. Neither is ever seen half written, and the clip comes last. */
  makePreview(request: PreviewRequest, signal?: AbortSignal): Promise<void>;
}
