/** A file of this machine, by its content. */
export interface FileIdentity {
  /** Absolute. */
  readonly path: string;
  /** Hex SHA-256. */
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
}

/** Files of this machine that are read as they are: videos, models. */
export interface SourceFiles {
  /**
   * Reads a file through once; one that is the same by size and time as `known` is not read again.
   *
   * @throws AppError `input-missing` when it is not there or cannot be read.
   */
  identify(path: string, known: FileIdentity | null, signal?: AbortSignal): Promise<FileIdentity>;
  /** Whether something stands at this path. */
  exists(path: string): Promise<boolean>;
  /** Free bytes of the disk that holds a path, which need not exist; null where that cannot be told. */
  freeBytes(path: string): Promise<number | null>;
}
