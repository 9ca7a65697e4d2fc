/** How quick a model was on this machine, when it was last tried. */
export interface ModelSpeed {
  /** How many times larger it made the pictures that it was tried with. */
  readonly scale: number;
  /** Pixels of the source, in millions. */
  readonly megapixelsPerSecond: number;
  /** ISO 8601. */
  readonly measuredAt: string;
}

/** A model that can be used by name. */
export interface LibraryModel {
  /** As `--model` takes it. */
  readonly name: string;
  /** How many times larger it makes pictures; null for a file of the user's, of which it is not known. */
  readonly scales: readonly number[] | null;
  readonly origin: 'built-in' | 'user';
  /** Where it comes from: a package, or a file. */
  readonly source: string;
  readonly licence: string | null;
  /** Of its files, in bytes; of one that is not installed, what installing it downloads. */
  readonly sizeBytes: number;
  readonly isInstalled: boolean;
  /** Null where it was never measured on this machine. */
  readonly speed: ModelSpeed | null;
}

/** Models that have names: those that cosmos knows, and those in the user's folder of models. */
export interface ModelLibrary {
  /** Where the user's own models lie: `NAME.onnx` is used as `--model NAME`. */
  readonly userFolder: string;
  /**
   * The file that `--model` means: of a built-in model that which its weights become, in the cache, whether it is there by now
   * or not; of one in the user's folder that one; otherwise the path itself, made absolute.
   *
   * @param scale - How many times larger pictures are to become.
   */
  pathOf(model: string, scale: number): string;
  /**
   * Makes the file of a built-in model, unless it is there and whole. For other paths nothing is done.
   *
   * @throws AppError `prerequisite-missing` where its weights are not installed; `model-unreadable` where they are not those
   * that were published; `disk-full`.
   */
  provide(path: string, signal?: AbortSignal): Promise<void>;
  /** Built-in models first, then those of the user's folder by name. */
  list(): Promise<readonly LibraryModel[]>;
  /**
   * Computes with a model for some seconds, at its smallest enlargement, and keeps how quick it was.
   *
   * @param name - Of one that is installed.
   * @throws AppError as `provide`, and as `ModelFiles.tryOut`; the signal's reason.
   */
  measure(name: string, signal: AbortSignal): Promise<ModelSpeed>;
  /**
   * Fetches the weights of a built-in model with the user's npm, and checks them.
   *
   * @returns the folder where they are now.
   * @throws AppError `prerequisite-missing` without npm, or where it cannot fetch them; `model-unreadable` where it fetches
   * something else; `disk-full`; the signal's reason.
   */
  install(name: string, signal: AbortSignal): Promise<string>;
}
