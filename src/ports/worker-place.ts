import type { Host } from './host.ts';

/** One worker's room on this machine: it does one job at a time, as a run of a host of its own. */
export interface WorkerSlot {
  readonly host: Host;
  /** Removes what runs left there; none is open. */
  clear(): Promise<void>;
}

/** The folder of a worker of a queue on this machine. No other worker uses it until `release`. */
export interface WorkerPlace {
  /** Unlike that of any other worker on this machine. */
  readonly name: string;
  readonly slots: readonly WorkerSlot[];
  /** Gives a path for a file that is needed for a moment. */
  withFile<T>(name: string, use: (path: string) => Promise<T>): Promise<T>;
  /** Gives a folder for putting a run together; what an earlier attempt left there is there. Removed when `use` succeeds. */
  withFolder<T>(name: string, use: (folder: string) => Promise<T>): Promise<T>;
  /** Where a file of this content lies, or is to be put; what was not used for long makes room for it. */
  objectPath(sha256: string): Promise<string>;
  release(): Promise<void>;
}
