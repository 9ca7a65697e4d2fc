import type { modelMasks } from '../core/retouch/retouch-settings.ts';

/** What a model in an ONNX file is to do. */
export type ModelUse =
  | { readonly kind: 'upscale' }
  | {
      readonly kind: 'retouch';
      readonly modelMask: (typeof modelMasks)[number];
      readonly modelRange: string;
    };

/** What was found out about a model. */
export interface TriedModel {
  /** How many times larger it makes pictures; null for one that keeps their size. */
  readonly scale: number | null;
}

/** Models in files of this machine. */
export interface ModelFiles {
  /**
   * Reads the beginning of a file, and tells what it is if it is no ONNX model.
   *
   * @param flag - Which names the file.
   * @throws AppError `input-missing` when it is not there or cannot be read; `model-unreadable`.
   */
  assertOnnx(path: string, flag?: '--model' | '--detect'): Promise<void>;
  /**
   * Loads a model on this machine and gives it a small picture, as a worker does before its first frame. Where memory runs
   * out, nothing is known of the model, and nothing is thrown.
   *
   * @returns null where nothing is known.
   *
   * @throws AppError `model-unreadable` for one that will never do it; `prerequisite-missing` without ONNX Runtime.
   */
  tryOut(path: string, use: ModelUse, signal?: AbortSignal): Promise<TriedModel | null>;
}
