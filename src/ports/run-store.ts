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
  release(): Promise<void>;
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

/**
 * Run folders: one folder a run, with a checkpoint that is written once and a journal that only grows, so that
 * the cost of a checkpoint does not depend on the size of the run.
 */
export interface RunStore {
  /** @throws AppError `run-locked` when another process works on the output folder. */
  create(checkpoint: Checkpoint): Promise<RunSession>;
  /** @throws AppError `run-not-found`, `run-locked`, `checkpoint-damaged`, `checkpoint-version`. */
  open(reference: string): Promise<RunSession>;
  /** Like `open`, without the lock. */
  read(reference: string): Promise<StoredRun>;
  /** Pid of the process of this machine that works on a run; null when there is none. */
  ownerPid(reference: string): Promise<number | null>;
  /** Newest first. */
  list(): Promise<readonly RunListing[]>;
}
