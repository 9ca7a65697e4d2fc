import type { FrameFormat } from '../../core/frames/frame-format.ts';
import type { Size } from '../../core/hints/display-size.ts';
import type { Box } from '../../core/regions/place-region.ts';
import type { Clip } from '../../protocol/segment.ts';

/** A crop of one frame, in the source's format. */
export interface CropFrame {
  /** The engine's own: it may change them and give them back. */
  readonly samples: Uint8Array;
  /**
   * For each pixel of the crop, row by row, whether it is to be processed: 255, or 0 where it is known. Of all regions of
   * the frame, not only of this crop's. Null: all are known, as before and after a region's time. Frames with the same
   * mask share one array.
   */
  readonly mask: Uint8Array | null;
  /** Whether what comes of it is used; others are only looked at, and may be given back as they came. */
  readonly isWanted: boolean;
}

/** Frames in a row in which one region is processed, with those around it in time that the engine looks at. */
export interface CropRun {
  readonly format: FrameFormat;
  readonly color: Clip['color'];
  /** The region in pixels of the crop. */
  readonly box: Box;
  /** How many crops come. */
  readonly frames: number;
}

/** What turns crops of frames into other ones. */
export interface CropEngine {
  /** How many unique frames before and after one it looks at. */
  readonly radiusFrames: number;
  /** So many crops after one may have to be given before what comes of it is given back. */
  readonly lookaheadFrames: number;
  /** How much it has to see around a mask of this size, in pixels. */
  reachPx(mask: Size): number;
  /** Finds out whether it can work. Called once. @throws EngineError. */
  start(signal: AbortSignal): Promise<void>;
  /**
   * As many crops as are given, in order. What comes of a crop depends on nothing but those at most `radiusFrames` from it,
   * so that it is the same wherever a video is cut into segments.
   *
   * @throws EngineError, or the signal's reason.
   */
  process(run: CropRun, crops: AsyncIterable<CropFrame>, signal: AbortSignal): AsyncIterable<Uint8Array>;
  /** Frees what `start` took. Safe to call twice. */
  stop(): Promise<void>;
}

/** Some crops in a row: those around one, as many of them as there are. */
export interface CropWindow {
  readonly frames: readonly CropFrame[];
  /** Which of them it is about. */
  readonly at: number;
}

/**
 * Gives an engine that is a function of the frames around each one its frames, and holds no more of them than it needs.
 *
 * @param process - Called for each wanted crop. It must leave the window as it is: other calls see the same crops.
 */
export async function* windowed(
  crops: AsyncIterable<CropFrame>,
  radius: number,
  process: (window: CropWindow) => Uint8Array | Promise<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const frames: CropFrame[] = [];
  const result = async (window: CropWindow) => {
    const crop = window.frames[window.at];
    return crop && !crop.isWanted ? crop.samples : await process(window);
  };
  let at = 0;
  for await (const crop of crops) {
    frames.push(crop);
    if (frames.length - 1 - at < radius) continue;
    yield await result({ frames, at });
    if (at === radius) frames.shift();
    else at += 1;
  }
  for (; at < frames.length; at += 1) {
    while (at > radius) {
      frames.shift();
      at -= 1;
    }
    yield await result({ frames, at });
  }
}
