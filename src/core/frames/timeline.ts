/**
 * When each frame of a video is shown, and which frames show the same picture. Times are ticks of the source's time
 * base. Frames are numbered from 0 here; file formats of the seeds count from 1.
 */
export interface Timeline {
  /** Presentation time of each frame, strictly increasing. */
  readonly times: Float64Array;
  /** When the last frame ends. */
  readonly endTime: number;
  /** Some times are not those of the file, so that frames cannot be found by them. */
  readonly isMended?: boolean;
  /** First frames of the runs that show one picture, ascending; the first is 0. A frame in none begins no run. */
  readonly uniqueFrames: Int32Array;
}

/** How many frames the unique frame at this place among the unique ones is shown for. */
export function repeatsOf({ times, uniqueFrames }: Timeline, uniqueIndex: number): number {
  const next = uniqueFrames[uniqueIndex + 1] ?? times.length;
  return next - (uniqueFrames[uniqueIndex] ?? times.length);
}
