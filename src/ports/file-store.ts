/**
 * No file that a host and its clients share is larger, in bytes: the manifest of a batch is the largest of them. What
 * others can write to must not fill this machine's memory.
 */
export const mostSharedBytes = 16 * 1024 * 1024;

/**
 * A folder that several processes share, on this machine or on a host.
 *
 * Paths are relative, with forward slashes; a path that would leave the folder is refused with a `RangeError`.
 * Every call may be repeated. A full disk is an `AppError` with code `disk-full`; nothing half-written is ever
 * visible under its final name.
 */
export interface FileStore {
  /** Writes a file whole: temporary name, fsync, rename, fsync of the folder. Makes missing folders. */
  publish(path: string, content: Uint8Array | string): Promise<void>;
  /**
   * The content, or null when there is no such file.
   *
   * @param maxBytes - Left out: {@link mostSharedBytes}.
   * @throws RangeError for a file of more than `maxBytes`, which is not read whole, and for what is no file: a link, a
   *   pipe, a folder.
   */
  read(path: string, maxBytes?: number): Promise<Uint8Array | null>;
  /**
   * Names in a folder, sorted, temporary ones left out; empty when there is no such folder.
   *
   * @param isWanted - Names that are not wanted take no memory, however many there are.
   */
  list(folder: string, isWanted?: (name: string) => boolean): Promise<readonly string[]>;
  /** Removes a file, or whatever lies in its place; that nothing does is no error. */
  remove(path: string): Promise<void>;
}

/** A {@link FileStore} where of several writers of one file the first one wins. */
export interface ExclusiveFileStore extends FileStore {
  /**
   * Writes a file whole, as `publish`, unless a valid one is there already; a damaged one is replaced.
   *
   * @param isValid - Whether a content is one to keep.
   * @returns null when the file holds `content` now, else what it held already.
   */
  publishOnce(
    path: string,
    content: string,
    isValid: (content: Uint8Array) => boolean,
  ): Promise<Uint8Array | null>;
}
