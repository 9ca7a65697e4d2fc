import type { Checkpoint } from '../core/run/checkpoint.ts';
import type { RunEvent, RunEventBody } from '../core/run/run-event.ts';

/** What a run folder holds, read without taking the lock. */
export interface StoredRun {
  readonly runId: string;
  readonly folder: string;
  readonly checkpoint: Checkpoint;
  readonly events: readonly RunEvent[];
  /** True when the journal ended in a half-written line, which was dropped. */
  readonly isJournalTorn: boolean;
  readonly paths: RunPaths;
}

/** A run held by this process. Nobody else works on it, nor on its output folder, until `release`. */
export interface RunSession extends StoredRun {
  /** Adds an event to the journal, in order. It is on disk after the next `flush`. */
  append(body: RunEventBody): RunEvent;
  /** Writes what was appended; `isDurable` also waits until it would survive a power cut. */
  flush(isDurable: boolean): Promise<void>;
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
}

/** One line of `cosmos runs`. */
export interface RunListing {
  readonly runId: string;
  readonly folder: string;
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
export interface RunStore {
  /**
   * @throws AppError `run-locked` when another process works on the output folder, `usage-invalid` when the output
   * or the checkpoint folder cannot be made or written to. No run is left behind then.
   */
  create(checkpoint: Checkpoint): Promise<RunSession>;
  /** @throws AppError as `create`, and `run-not-found`, `checkpoint-damaged`, `checkpoint-version`. */
  open(reference: string): Promise<RunSession>;
  /** Like `open`, without the lock. */
  read(reference: string): Promise<StoredRun>;
  /** The process that works on a run, on whatever machine; null when there is none. */
  owner(reference: string): Promise<RunOwner | null>;
  /** Newest first. */
  list(): Promise<readonly RunListing[]>;
}
