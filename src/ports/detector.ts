import type { Detection } from '../core/detect/detection.ts';
import type { Size } from '../core/hints/display-size.ts';

/** What is looked for in a video's pictures, and by which model. */
export interface DetectorRequest {
  /** `text`, or the absolute path of a YOLO export. */
  readonly what: string;
  /** The video's picture as shown. */
  readonly shown: Size;
  /** Weaker detections are left out. */
  readonly leastScore: number;
}

/** A model that is loaded. It computes in a process of its own, which is gone when this is disposed of. */
export interface Detector extends AsyncDisposable {
  /** The size that pictures are to have. */
  readonly picture: Size;
  /**
   * What is in a picture: 8-bit RGB, row by row. One call at a time.
   *
   * @throws AppError as {@link DetectorTool.open}; the signal's reason that it was opened with.
   */
  detect(picture: Uint8Array): Promise<readonly Detection[]>;
}

/** Finds things in pictures. */
export interface DetectorTool {
  /**
   * @throws AppError `prerequisite-missing` where ONNX Runtime or the model of `text` is not installed; `input-missing` and
   * `model-unreadable` for a model that is not there or does not detect; `engine-rejected` where it fails.
   */
  open(request: DetectorRequest, signal: AbortSignal): Promise<Detector>;
}
