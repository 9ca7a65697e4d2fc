import type { z } from 'zod';

/** As much as the checkpoints of all kinds of runs have. */
export interface AnyCheckpoint {
  readonly version: number;
  /** Name of the kind of run. It stands at the beginning of the file, where it is found without reading all. */
  readonly kind: string;
  readonly run_id: string;
  readonly tool_version: string;
  /** ISO 8601. */
  readonly created_at: string;
}

export const checkpointVersion = 1;

/** Name of the folder, in the run folder, of what is under way while a video is put together. */
export const assemblyFolderName = 'assembly';

/** What a run writes to besides its own folder; no other run may write there meanwhile. */
export interface RunOutput {
  /** Absolute path. */
  readonly path: string;
  readonly type: 'folder' | 'file';
  /** The flag it was chosen with. */
  readonly flag: string;
  /** Videos below a folder that grow beside their final names, each with the folder of what is under way, in that of the run. */
  readonly videos?: readonly { readonly path: string; readonly assembly: string }[];
}

/** A file outside of the run folder that a run writes by rename, so that a dead process may have left half of it. */
export interface WrittenFile {
  readonly folder: string;
  /** Relative to the folder, with forward slashes. */
  readonly name: string;
  /** The file is written where its link leads. */
  readonly isLinkFollowed: boolean;
}

/** How a checkpoint is checked while it is read: a million entries and their checked copies do not both fit into memory. */
export interface LongLists<Checkpoint> {
  /** Makes what checks the entries of one file: called with each list's name; undefined for an entry that is not valid. */
  entryReader(): (list: string, entry: unknown) => unknown;
  /** Of the lists whose entries `wholeSchema` does not look at. */
  readonly names: readonly string[];
  /** Checks the rest, and takes entries that were checked as they are. */
  readonly wholeSchema: z.ZodType<Checkpoint>;
}

/** What the run folders of one kind of run hold. */
export interface RunFormat<Checkpoint extends AnyCheckpoint, Event> {
  readonly kind: string;
  readonly checkpointSchema: z.ZodType<Checkpoint>;
  /** For checkpoints with very long lists; missing: `checkpointSchema` checks all of it at once. */
  readonly longLists?: LongLists<Checkpoint>;
  readonly eventSchema: z.ZodType<Event>;
  outputOf(checkpoint: Checkpoint): RunOutput;
  /** Looked through more than once. */
  writtenFiles(checkpoint: Checkpoint): Iterable<WrittenFile>;
}

/**
 * A checkpoint with the current settings of its run.
 *
 * @param settings - Those of the last session that was started with others; null for none.
 */
export function asOfNow<Checkpoint extends AnyCheckpoint>(
  checkpoint: Checkpoint,
  settings: unknown,
): Checkpoint {
  return settings === null ? checkpoint : { ...checkpoint, settings };
}
