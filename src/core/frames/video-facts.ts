import type { HdrMetadata } from '../encoding/hdr-metadata.ts';
import type { Size } from '../hints/display-size.ts';
import type { Fraction } from './fraction.ts';

/** How a picture's numbers are colours, in ffmpeg's names; null where the file does not say. */
export interface ColorTags {
  /** `tv` or `pc`. */
  readonly range: string | null;
  /** The YUV matrix, such as `bt709`. */
  readonly space: string | null;
  readonly primaries: string | null;
  readonly transfer: string | null;
  /** Where chroma samples sit, such as `left`. */
  readonly chromaLocation: string | null;
}

/** The video stream that is upscaled. */
export interface VideoStreamFacts {
  readonly index: number;
  readonly codec: string;
  /** As stored: before rotation and sample aspect ratio. */
  readonly size: Size;
  /** Shape of a pixel, width to height; 1/1 where the file does not say. */
  readonly sampleAspect: Fraction;
  /** Clockwise, in degrees: how far a player turns the stored picture. */
  readonly rotationDegrees: 0 | 90 | 180 | 270;
  /** ffmpeg's name, such as `yuv420p10le`. */
  readonly pixelFormat: string;
  /** Seconds of one tick of its time stamps. */
  readonly timeBase: Fraction;
  /** When the stream ends, in ticks, as its container says; null where it does not, or cannot be relied on. */
  readonly endTime: number | null;
  /** Average frame rate in frames per second. */
  readonly frameRate: Fraction;
  readonly color: ColorTags;
  /** Static metadata of HDR; missing or null where there is none. */
  readonly hdr?: HdrMetadata | null;
  /** Things about the picture that an upscaled stream cannot carry, such as `Dolby Vision metadata`. */
  readonly extras: readonly string[];
}

/** Sound as a stream's decoder gives it. */
export interface SoundFacts {
  /** 0 where it is not known. */
  readonly channels: number;
  /** The channels' speakers by ffmpeg's name, such as `5.1(side)`; null where the file does not say. */
  readonly layout: string | null;
  /** Samples of a channel in a second. */
  readonly sampleRate: number;
  /** ffmpeg's name, such as `s16p`. */
  readonly sampleFormat: string;
  /** Bits of a sample that count. */
  readonly bits: number;
}

export interface OtherStreamFacts {
  readonly index: number;
  readonly type: 'audio' | 'subtitle' | 'attachment' | 'data' | 'video';
  readonly codec: string;
  readonly language: string | null;
  readonly isAttachedPicture: boolean;
  /** Null for anything that is no sound. */
  readonly sound: SoundFacts | null;
}

/** On the file's own clock. */
export interface ChapterTimes {
  readonly startSeconds: number;
  readonly endSeconds: number;
}

/** What is in a video file. */
export interface VideoFacts {
  /** Names of ffmpeg's demuxer, such as `matroska,webm`. */
  readonly container: string;
  readonly sizeBytes: number;
  /** When the earliest stream begins, in seconds. */
  readonly startSeconds: number;
  /** Null where the file does not say. */
  readonly durationSeconds: number | null;
  readonly video: VideoStreamFacts;
  readonly others: readonly OtherStreamFacts[];
  readonly chapters: readonly ChapterTimes[];
  /** When the last sound or further video ends, on the file's clock; null where the file does not say. */
  readonly othersEndSeconds: number | null;
}

/** Whether a stream is heard or shown while the video runs. */
export function isTimedStream({ type, isAttachedPicture }: OtherStreamFacts): boolean {
  return type === 'audio' || (type === 'video' && !isAttachedPicture);
}
