/**
 * A whole run of frames that is decoded, upscaled and encoded by itself: what one checkpoint covers. It begins with a
 * unique frame and holds whole batches, except that the last one of a video may end with a smaller batch.
 */
export interface Segment {
  /** From 0, in order. */
  readonly segmentId: number;
  /** Number of its first frame, from 0. */
  readonly firstFrame: number;
  /** Frames it shows. */
  readonly frames: number;
  /** Place of its first frame among the unique ones. */
  readonly firstUnique: number;
  /** Frames that are really upscaled. */
  readonly uniqueFrames: number;
  /** Number of its first batch over the whole video. */
  readonly firstBatch: number;
  /** Presentation time of a key frame from which decoding gives all its frames; null: from the file's beginning. */
  readonly seekTime: number | null;
}
