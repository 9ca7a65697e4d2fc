import type { SpecCollection } from '../core/spec/spec-collection.ts';

/** A file that may hold a PromptSpec. */
export interface SpecCandidate {
  /** Path relative to the input root, with forward slashes. */
  readonly spec: string;
  /** Absolute path. */
  readonly path: string;
}

export interface SpecCandidates {
  /** Absolute path of the folder that specs are named against: the folder given, or what all inputs share. */
  readonly inputRoot: string;
  /**
   * How each candidate is named, sorted: its path relative to the input root, with forward slashes. Only the names, because
   * there may be a million.
   */
  readonly specs: readonly string[];
  /** Absolute path of a candidate. */
  pathOf(spec: string): string;
  /** Those of `specs` whose name on the disk is not UTF-8, so that they cannot be read; their bytes are written as `\xE9`. */
  readonly misnamed: ReadonlySet<string>;
  /** Absolute paths of sub-folders that could not be read: what lies in them is not among the candidates. */
  readonly skippedFolders: readonly string[];
  /** Absolute paths of what is called like a spec and is no file, with what it is: `a named pipe`. Never opened. */
  readonly skippedFiles: readonly (readonly [path: string, what: string])[];
}

/** A video's file as it stands now. */
export interface VideoFile {
  readonly path: string;
  readonly sizeBytes: number;
  /** Time of the last change, in milliseconds since the Unix epoch. */
  readonly modifiedMs: number;
}

/** Spec files and the videos they name, on this machine. */
export interface SpecStore {
  /**
   * All candidates under the inputs: `*.json` and `*.jsonl` in folders, and files as given; hidden folders and `excluded` ones
   * are left out.
   *
   * @param root - The input root, where it is not simply what all inputs share; it must hold them all.
   * @throws AppError `input-missing` for an input that does not exist or may not be read.
   */
  find(inputs: readonly string[], excluded: readonly string[], root?: string): Promise<SpecCandidates>;
  /**
   * The bytes of a spec; null when there is no such file. Errors of the system pass through.
   *
   * @throws RangeError for a file larger than `maxSpecBytes`, which is not read.
   */
  read(path: string): Promise<Uint8Array | null>;
  /**
   * The specs of a file that holds several; null when it is gone. It is not read again while it stays as it is and others are
   * not asked for meanwhile. Otherwise like `read`, but for JSONL the limit is `maxLinesBytes`.
   */
  readCollection(path: string): Promise<SpecCollection | null>;
  /** Where a spec's video lies: the first place that holds a file, or null. */
  findVideo(written: string, specPath: string, inputRoot: string): Promise<VideoFile | null>;
  /**
   * A file that has this name in another encoding than UTF-8, where the spec's video is looked for; null where there is none.
   * Its path is for people: bytes that are not ASCII are written as `\xE9`.
   */
  misnamedVideo(written: string, specPath: string, inputRoot: string): Promise<string | null>;
  /** A video as it stands now; null when it is gone. */
  statVideo(path: string): Promise<VideoFile | null>;
  /** Where the enriched form of a spec belongs. */
  outputPath(outputDir: string, spec: string): string;
  /**
   * Writes a file whole, so that a reader sees either the old or the new one.
   *
   * @param like - Files that it is made of: who may not read one of them may not read it either.
   */
  publish(path: string, text: string | AsyncIterable<string>, like?: readonly string[]): Promise<void>;
  /**
   * Like `publish`, and over the user's file at `source` as well: links to it stay, and so do its rights. What a person edited
   * meanwhile is never written over: then only `path` is, unless it is that file.
   *
   * @param hashes - Hex SHA-256 of what may be in the source's place.
   * @returns whether the source was written.
   */
  writeBack(path: string, text: string, source: string, hashes: readonly string[]): Promise<boolean>;
}
