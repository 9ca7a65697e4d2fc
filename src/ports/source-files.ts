import type { Unwritable } from '../core/run/written-folder.ts';

/** A file of this machine, by its content. */
export interface FileIdentity {
  /** Absolute. */
  readonly path: string;
  /** Hex SHA-256. */
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
}

/** A file, or a folder that could not be looked into. */
export interface ListedFile {
  /** Absolute. */
  readonly path: string;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
  /** Why it cannot be read, to end a sentence; null where that is not known. */
  readonly problem: string | null;
}

/** Files of this machine that are read as they are: videos, models. */
export interface SourceFiles {
  /**
   * Reads a file through once; one that is the same by size and time as `known` is not read again.
   *
   * @throws AppError `input-missing` when it is not there or cannot be read.
   */
  identify(path: string, known: FileIdentity | null, signal?: AbortSignal): Promise<FileIdentity>;
  /**
   * Puts a file to another place, whose folders are made: as a link to it, or as a copy of its own.
   *
   * @throws AppError `disk-full`.
   */
  place(from: string, to: string, asLink: boolean): Promise<void>;
  /**
   * Moves a file, whole, to another place, whose folders are made; also to another disk, and over a file that is there.
   *
   * @param like - Files that it is made of: who may not read one of them may not read it either.
   * @throws AppError `disk-full`.
   */
  move(from: string, to: string, like?: readonly string[]): Promise<void>;
  /** Removes a file; a missing one is no error. */
  remove(path: string): Promise<void>;
  /** Makes a folder and those above it. */
  makeFolder(path: string): Promise<void>;
  exists(path: string): Promise<boolean>;
  /**
   * A file, or all files below a folder, in the order of their names: hidden ones and the folders of `excluded` are left out,
   * and a folder that is reached twice, through links, is looked into once.
   *
   * @param excluded - Absolute paths.
   * @throws AppError `input-missing` when the path leads to nothing, or the folder itself cannot be read.
   */
  find(path: string, excluded: ReadonlySet<string>): Promise<readonly ListedFile[]>;
  /** Names of all that lies in a folder, in no order. @throws AppError `input-missing` when it cannot be read. */
  names(folder: string): Promise<readonly string[]>;
  /**
   * The lines of a text file, one after the other, so that the file need not fit into memory.
   *
   * @throws AppError `input-missing` when it is not there or cannot be read, or has a line that is longer than any text.
   */
  lines(path: string): AsyncIterable<string>;
  /** Whether a folder, or a link to one, stands at this path. */
  isFolder(path: string): Promise<boolean>;
  /**
   * Whether two paths lead to one file: through links, by another spelling on a disk that knows no case, or because it
   * has two names. False where one of them leads to nothing.
   */
  isSameFile(one: string, other: string): Promise<boolean>;
  /**
   * Text that is the same for all paths that lead to one folder: through links, mounts or other spellings. A folder that is
   * not there yet has that of the one that it will be made in, and its name.
   */
  identifyFolder(path: string): Promise<string>;
  /**
   * Whether the disk of a folder, which need not be there, takes names for the same that differ in case or in how letters are
   * composed. Tried out with a file that is removed at once; false where none can be made.
   */
  foldsNames(folder: string): Promise<boolean>;
  /** The file that a path leads to, through links; the path itself where it leads to none. */
  realPath(path: string): Promise<string>;
  /**
   * Why no file can be made in a folder, or the folder itself cannot be made; null where both can. Writes nothing, so that
   * it cannot know everything: a share may still refuse.
   */
  whyUnwritable(folder: string): Promise<Unwritable | null>;
  /** Free bytes of the disk that holds a path, which need not exist; null where that is not known. */
  freeBytes(path: string): Promise<number | null>;
}
