/** One engine process: frames in, as many larger frames out. */
export interface Lane {
  /** The most frames it takes at once. */
  readonly batchSize: number;
  /** Side of the tiles it works in, in pixels of the source; 0: whole frames. */
  readonly tile: number;
  /**
   * As many frames as were given, in their order. One call at a time. The given frames are not changed, and may be used
   * again when the call has ended.
   *
   * @param frames - At least one, at most `batchSize`.
   * @throws LaneError after which the lane is of no use any more, and only to be closed.
   */
  upscale(frames: readonly Uint8Array[]): Promise<Uint8Array[]>;
  /** Ends the process, also in the middle of a call, which then fails. Resolves when it is gone. Safe to call twice. */
  close(): Promise<void>;
}

/**
 * Why a lane has given up.
 * - `out-of-memory`: a smaller batch or tile may do.
 * - `died`: its process is gone and nothing was wrong with the frames, as far as one can tell; another one may do.
 * - `failed`: it said no; asking again unchanged is no use.
 */
type LaneErrorReason = 'out-of-memory' | 'died' | 'failed';

/** A lane has given up. */
export class LaneError extends Error {
  readonly reason: LaneErrorReason;

  constructor(reason: LaneErrorReason, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'LaneError';
    this.reason = reason;
  }
}
