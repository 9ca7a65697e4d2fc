import type { ExclusiveFileStore } from './file-store.ts';
import type { OutputFacts } from './host.ts';

/**
 * A folder that several machines share, laid out like the root of a host. It is the truth about what is done: a result
 * exists when its file stands here. Paths are those of a {@link FileStore}. Every call may be repeated.
 *
 * @throws AppError `host-unreachable` when it cannot be reached, `disk-full`.
 */
export interface SharedStore {
  /** For people: where it is. */
  readonly name: string;
  /** Small files, relative to the root. */
  readonly files: ExclusiveFileStore;
  /** Those of these contents that are no whole object here. */
  missingObjects(sha256s: readonly string[]): Promise<ReadonlySet<string>>;
  /**
   * Publishes a large file: it appears whole, and one that stands there already is kept unless it is damaged. Of several
   * that publish it one is kept.
   *
   * @throws AppError `worker-failed` when the file at `source` is not what `facts` say.
   */
  putFile(path: string, source: string, facts: OutputFacts): Promise<void>;
  /**
   * Copies a large file to `target` on this machine, whole and verified; one that is there already is kept.
   *
   * @param facts - A file of another size than they say is not fetched at all.
   * @returns false when it is not there, or damaged; then `target` is as it was.
   */
  fetchFile(
    path: string,
    facts: Pick<OutputFacts, 'sha256'> & Partial<OutputFacts>,
    target: string,
  ): Promise<boolean>;
  /** Files and folders in a folder; empty when there is no such folder. */
  entries(folder: string): Promise<readonly StoreEntry[]>;
  /** Removes a file, or a folder with all that is in it. */
  removeTree(path: string): Promise<void>;
  close(): Promise<void>;
}

/** A file or folder of a {@link SharedStore}. */
export interface StoreEntry {
  readonly name: string;
  readonly isFolder: boolean;
  readonly sizeBytes: number;
  /** When it was last written to, by the clock of the store. */
  readonly modifiedMs: number;
}
