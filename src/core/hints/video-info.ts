import type { DisplaySize } from './display-size.ts';

/** How many frames a video has, and when they are shown. */
export interface VideoTiming {
  /** Exact where the container says so, else duration times frame rate. At least 1. */
  readonly frames: number;
  readonly durationSeconds: number;
  readonly frameRate: number;
}

/** What probing a video says. The size is as shown: sample aspect ratio and rotation applied. */
export interface VideoInfo extends DisplaySize, VideoTiming {}
