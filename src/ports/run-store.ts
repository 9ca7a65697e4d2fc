import type { UpsampleCheckpoint } from '../core/upsample/upsample-checkpoint.ts';
import type { UpsampleEventBody } from '../core/upsample/upsample-event.ts';

/** As much as the checkpoints of all kinds of runs have. */
export interface AnyCheckpoint {
  readonly version: number;
  readonly run_id: string;
  readonly tool_version: string;
  /** ISO 8601. */
  readonly created_at: string;
}

/** An event as the journal holds it: `seq` counts from 0 within a run, over all its sittings. */
export type Journaled<Body> = Body & { readonly version: 1; readonly seq: number; readonly time: string };

/** What a run folder holds, read without taking the lock. */
export interface StoredRun<Planned extends AnyCheckpoint = UpsampleCheckpoint, Body = UpsampleEventBody> {
  readonly runId: string;
  readonly folder: string;
  readonly checkpoint: Planned;
  readonly events: readonly Journaled<Body>[];
  /** True when the journal ended in a half-written line, which was dropped. */
  readonly isJournalTorn: boolean;
  readonly paths: RunPaths;
}

/** A run held by this process. Nobody else works on it, nor on its output folder, until `release`. */
export interface RunSession<Planned extends AnyCheckpoint = UpsampleCheckpoint, Body = UpsampleEventBody>
  extends StoredRun<Planned, Body> {
  /** Adds an event to the journal, in order. It is on disk after the next `flush`. */
  append(body: Body): Journaled<Body>;
  /** Writes what was appended; `isDurable` also waits until it would survive a power cut. */
  flush(isDurable: boolean): Promise<void>;
  /** Writes a file of this name in the run folder, whole or not at all. */
  publish(name: string, chunks: Iterable<string>): Promise<void>;
  /** Keeps a hint with the run, so that it need not be made again; gives its path there. */
  keepHint(sha256: string, path: string): Promise<string>;
  /** A hint that is kept with the run; null when there is none, or when it is damaged. */
  keptHint(sha256: string): Promise<KeptHint | null>;
  release(): Promise<void>;
}

/** A hint in a run folder. */
export interface KeptHint {
  readonly path: string;
  readonly sizeBytes: number;
}

/** Paths of the files in a run folder. */
export interface RunPaths {
  readonly checkpoint: string;
  readonly journal: string;
  readonly reportJson: string;
  readonly reportHtml: string;
  /** Where the run keeps the hint with this content. */
  hint(sha256: string): string;
  /** A file or folder of this name in the run folder. */
  inside(name: string): string;
}

/** Where a run is, and what kind of work it does. */
export interface RunPlace {
  readonly folder: string;
  readonly kind: RunKind;
}

export type RunKind = 'upsample' | 'upscale';

/** One line of `cosmos runs`. */
export interface RunListing {
  readonly runId: string;
  readonly folder: string;
  readonly kind: RunKind;
  readonly isLocked: boolean;
  /** Pid of the process that works on it, when that is known and on this machine. */
  readonly ownerPid: number | null;
}

/** The process that works on a run. */
export interface RunOwner {
  readonly pid: number;
  /** Name of the machine it runs on. */
  readonly machine: string;
  /** Whether that is this machine, so that the pid means something here. */
  readonly isHere: boolean;
}

/**
 * Run folders: one folder a run, with a checkpoint that is written once and a journal that only grows, so that
 * the cost of a checkpoint does not depend on the size of the run.
 */
export interface RunStore<Planned extends AnyCheckpoint = UpsampleCheckpoint, Body = UpsampleEventBody> {
  /**
   * @throws AppError `run-locked` when another process works on the output folder, `usage-invalid` when the output
   * or the checkpoint folder cannot be made or written to. No run is left behind then.
   */
  create(checkpoint: Planned): Promise<RunSession<Planned, Body>>;
  /**
   * `latest` is the latest run of this kind.
   *
   * @throws AppError as `create`, and `run-not-found`, `checkpoint-damaged`, `checkpoint-version`; `run-kind` for a run of
   * another kind.
   */
  open(reference: string): Promise<RunSession<Planned, Body>>;
  /** Like `open`, without the lock. */
  read(reference: string): Promise<StoredRun<Planned, Body>>;
  /** The process that works on a run, on whatever machine; null when there is none. */
  owner(reference: string): Promise<RunOwner | null>;
  /** Folder and kind of a run of any kind. @throws AppError `run-not-found`. */
  locate(reference: string): Promise<RunPlace>;
  /** Runs of all kinds, newest first. */
  list(): Promise<readonly RunListing[]>;
}
