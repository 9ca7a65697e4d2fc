import type { z } from 'zod';
import type { AnyCheckpoint, RunKind } from '../../ports/run-store.ts';

/** Something that a run needs for itself, while it works on it. */
export interface LockPlace {
  readonly lockPath: string;
  /** What is locked, for a person. */
  readonly what: string;
  /** The folder that the user chose, for a person. */
  readonly folder: string;
  /** The flag it was chosen with. */
  readonly flag: string;
}

/** What the run folders of one kind of work hold. */
export interface RunFormat<Planned extends AnyCheckpoint, Body> {
  readonly kind: RunKind;
  readonly checkpointSchema: z.ZodType<Planned>;
  readonly eventSchema: z.ZodType<Body>;
  /** What a run writes to besides its own folder. */
  outputLock(checkpoint: Planned): LockPlace;
  /** Every file outside of the run folder that a run writes by rename, and that a dead process may have left half. */
  writtenPaths(checkpoint: Planned): Promise<readonly string[]>;
}
