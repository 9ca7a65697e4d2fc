import type { DisplaySize } from './display-size.ts';

/** How many frames a video has, and when they are shown. */
export interface VideoTiming {
  /** Exact where the container says so, else duration times frame rate. At least 1. */
  readonly frames: number;
  readonly durationSeconds: number;
  readonly frameRate: number;
}

/** What has to be known of a video's colours to show them on an ordinary screen, where it is anything special. */
export interface VideoColours {
  /** High dynamic range, by its transfer function: PQ (SMPTE ST 2084) or HLG (ARIB STD-B67). */
  readonly hdr?: 'pq' | 'hlg';
  /** The matrix that players assume where the file says none; absent where that is BT.601's. */
  readonly assumedMatrix?: 'bt709' | 'bt2020';
}

/** What probing a video says. The size is as shown: sample aspect ratio and rotation applied. */
export interface VideoInfo extends DisplaySize, VideoTiming, VideoColours {
  /** Which of the file's videos that are no cover pictures it is, from 0; absent for the first. */
  readonly place?: number;
}

/**
 * Seconds of source time between the frames of a hint: `1 / fps`, or less when the clip is too short for that,
 * so that the last frame taken is still a frame of the clip.
 *
 * @param frames - How many frames are wanted, at least 1.
 * @param fps - Frames per second of source time wanted, above 0.
 */
export function sampleStepSeconds(video: VideoInfo, frames: number, fps: number): number {
  const regular = 1 / fps;
  if (frames < 2) return regular;
  // Half a frame short of the last one's time: the first frame at or after it is the last one, also where
  // count and length are estimates.
  const lastFrameSeconds = (video.durationSeconds * Math.max(0, video.frames - 1.5)) / video.frames;
  return Math.min(regular, lastFrameSeconds / (frames - 1));
}
