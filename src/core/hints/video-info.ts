import type { Size } from './size.ts';

/** What probing a video says. The size is as shown: sample aspect ratio and rotation applied. */
export interface VideoInfo extends Size {
  /** Number of frames; exact where the container says so, else duration times frame rate. At least 1. */
  readonly frames: number;
  readonly durationSeconds: number;
  readonly frameRate: number;
}
