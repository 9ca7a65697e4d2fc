import type { AnyCheckpoint, RunFormat, RunOutput } from '../core/run/run-format.ts';
import type { Journaled } from '../core/run/run-status.ts';

/**
 * Events of a run, in order. Those of a long journal are read from the file each time they are looked through: of a million specs
 * they do not fit into memory.
 */
export interface RunEvents<Event> extends Iterable<Journaled<Event>> {
  readonly length: number;
}

/** What a run folder holds, read without taking the lock. */
export interface StoredRun<Checkpoint extends AnyCheckpoint, Event> {
  readonly runId: string;
  readonly folder: string;
  readonly checkpoint: Checkpoint;
  readonly events: RunEvents<Event>;
  /** True when the journal ended in a half-written line, which was dropped. */
  readonly isJournalTorn: boolean;
  readonly paths: RunPaths;
}

/** A run held by this process. No other process works on it, nor on its output, until `release`. */
export interface RunSession<Checkpoint extends AnyCheckpoint, Event> extends StoredRun<Checkpoint, Event> {
  /** Adds an event to the journal, in order. It is on disk after the next `flush`. */
  append(body: Event): Journaled<Event>;
  /** Writes what was appended; `isDurable` also waits until it would survive a power cut. */
  flush(isDurable: boolean): Promise<void>;
  /** Writes a file of this name in the run folder, whole or not at all. */
  publish(name: string, chunks: Iterable<string>): Promise<void>;
  /** Keeps a copy of the file `source` with the run, under this name; gives its path there. */
  keep(name: string, source: string, sha256: string): Promise<string>;
  /** A file that is kept with the run; null when there is none, or when it is damaged. */
  kept(name: string, sha256: string): Promise<KeptFile | null>;
  release(): Promise<void>;
}

/** A file that is kept in a run folder. */
export interface KeptFile {
  readonly path: string;
  readonly sizeBytes: number;
}

/** Paths of the files in a run folder. */
export interface RunPaths {
  readonly checkpoint: string;
  readonly journal: string;
  readonly reportJson: string;
  readonly reportHtml: string;
  /** A file or folder of this name in the run folder. */
  inside(name: string): string;
}

/** Where a run was started; null, where it is used, for one of which that is not known. */
export interface RunOrigin {
  readonly workingFolder: string;
  /** The settings file that was named then; null for `config.toml` of the working folder. */
  readonly configFile: string | null;
}

/** Where a run is, and what kind of work it does. */
export interface RunPlace {
  readonly folder: string;
  readonly kind: string;
  readonly origin: RunOrigin | null;
}

/** What went with a run. */
export interface RemovedRun {
  /** The run folder, and the unfinished video beside the output where there was one. */
  readonly paths: readonly string[];
  readonly sizeBytes: number;
}

/** A run that the user approved. */
export interface ApprovedRun {
  readonly folder: string;
  /** What it does that its user should know, without secrets. */
  readonly settings: readonly { readonly name: string; readonly value: unknown }[];
  readonly wasApproved: boolean;
}

/** One line of `cosmos runs`. */
export interface RunListing {
  readonly runId: string;
  readonly folder: string;
  readonly kind: string;
  readonly isLocked: boolean;
  /** Pid of the process that works on it, when that is known and on this machine. */
  readonly ownerPid: number | null;
  /** It was in `folder`, and no longer is. */
  readonly isGone: boolean;
  readonly origin: RunOrigin | null;
}

/** The process that works on a run. */
export interface RunOwner {
  readonly pid: number;
  readonly machine: string;
  /** Whether that is this machine, so that the pid means something here. */
  readonly isHere: boolean;
  /** Whether that very process made the lock: another one that a file only names must not be stopped for it. */
  readonly isProven: boolean;
}

/**
 * Run folders: one folder a run, with a checkpoint that is written once and a journal that only grows, so that the cost of
 * a checkpoint does not depend on the size of the run. The format says what a kind of run keeps there.
 *
 * References are a path, a run id, 4 characters or more of its beginning or end, or `latest`. Runs of the checkpoint folder
 * come first, then those of the user's other folders; where a format is given, `latest` is the latest run of that kind.
 */
export interface RunStore {
  /**
   * @throws AppError `run-locked` when another process works on the output, `usage-invalid` when the output or the checkpoint
   * folder cannot be made or written to. No run is left behind then.
   */
  create<Checkpoint extends AnyCheckpoint, Event>(
    format: RunFormat<Checkpoint, Event>,
    checkpoint: Checkpoint,
  ): Promise<RunSession<Checkpoint, Event>>;
  /**
   * @throws AppError as `create`, and `run-not-found`, `checkpoint-damaged`, `checkpoint-version`; `run-kind` for a run of
   * another kind; `run-not-trusted` for one that the user neither started nor approved.
   */
  open<Checkpoint extends AnyCheckpoint, Event>(
    format: RunFormat<Checkpoint, Event>,
    reference: string,
  ): Promise<RunSession<Checkpoint, Event>>;
  /** Like `open`, without the lock. */
  read<Checkpoint extends AnyCheckpoint, Event>(
    format: RunFormat<Checkpoint, Event>,
    reference: string,
  ): Promise<StoredRun<Checkpoint, Event>>;
  /** @throws AppError `run-not-trusted` as `open`, and what `read` throws: for what acts on a run without its lock. */
  assertApproved<Checkpoint extends AnyCheckpoint, Event>(
    format: RunFormat<Checkpoint, Event>,
    reference: string,
  ): Promise<void>;
  /** Remembers that the user approved a run as it is. @throws AppError as `read`; `run-not-trusted` when others may write to it. */
  approve<Checkpoint extends AnyCheckpoint, Event>(
    format: RunFormat<Checkpoint, Event>,
    reference: string,
  ): Promise<ApprovedRun>;
  /** The process that works on a run, on whatever machine; null when there is none. */
  owner(reference: string): Promise<RunOwner | null>;
  /**
   * Where a run of any kind is.
   *
   * @param kind - With it, `latest` is the latest run of this kind, or of one of these.
   * @throws AppError `run-not-found`, `run-ambiguous`.
   */
  locate(reference: string, kind?: string | readonly string[]): Promise<RunPlace>;
  /** Runs of all kinds, newest first: those of the checkpoint folder, or all that are known of this user. */
  list(options?: { readonly isEverywhere: boolean }): Promise<readonly RunListing[]>;
  /**
   * Removes a run for good: its folder, and the unfinished video beside its output.
   *
   * @param output - Null where it cannot be read from the checkpoint.
   * @throws AppError `run-locked` when a process works on it.
   */
  remove(folder: string, output: RunOutput | null): Promise<RemovedRun>;
  /** Forgets a run whose folder is gone. */
  forget(folder: string): Promise<void>;
}
