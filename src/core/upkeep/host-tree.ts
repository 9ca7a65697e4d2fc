/** A file or folder of a host as its file system describes it. Times are milliseconds since the epoch, by the host's clock. */
export interface StoredThing {
  readonly name: string;
  /** Bytes that removing it frees; null for a folder. */
  readonly sizeBytes: number | null;
  /** When it got its place: never earlier than that. */
  readonly modifiedMs: number;
}

export interface RunFolder {
  readonly runId: string;
  readonly sizeBytes: number | null;
  /** When a file was last published in it: the newest time of the run's folder and of the folders in it. */
  readonly modifiedMs: number;
  /** A worker works on it now. */
  readonly isServed: boolean;
}

/**
 * A host's root as pruning reads it. What is gone is left out; every other failure to read is thrown, because what
 * cannot be seen must not count as unneeded.
 */
export interface HostTree {
  runs(): Promise<readonly RunFolder[]>;
  /** The text of each manifest of a run, damaged ones included; none when the run is gone. */
  manifests(runId: string): Promise<readonly string[]>;
  /** Keys of the tasks of a run that have a result. */
  resultKeys(runId: string): Promise<ReadonlySet<string>>;
  /** Everything under `objects` that is named by a hash. */
  objects(): Promise<readonly StoredThing[]>;
  /** What uploads left behind: everything under `incoming`, temporary files of `objects`. Names are relative to the root. */
  uploads(): Promise<readonly StoredThing[]>;
}
