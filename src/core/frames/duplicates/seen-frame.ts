/** One frame of a video, in the order of showing. */
export interface SeenFrame {
  /** Equal hashes are equal pictures. */
  readonly hash: string;
  /**
   * 8-bit samples at full size, row by row: yuv420p, or luma alone; the same for all frames of a video. Needed where
   * `needsPictures` says so; not kept after the call.
   *
   * With luma alone a change of colour that leaves brightness as it is goes unseen as soon as noise changes luma by
   * the least. Chroma costs half as much again in the pipe, and nothing where luma differs already.
   */
  readonly picture: Uint8Array | null;
}

/** Goes through a video frame by frame. */
export interface DuplicateFinder {
  /** Whether the frame shows the same picture as the last one that was not a duplicate. The first never does. */
  isDuplicate(frame: SeenFrame): boolean;
}
