import { z } from 'zod';

/** How a run stands or ended; `paused` waits for a person. */
export const runStatuses = ['complete', 'partial', 'detached', 'paused', 'failed'] as const;

export type RunStatus = (typeof runStatuses)[number];

/** How a run stands between sessions too; `unfinished` was interrupted, cancelled or killed. */
export const standingStatuses = [...runStatuses, 'unfinished', 'running'] as const;

export type StandingStatus = (typeof standingStatuses)[number];

const count = z.int().min(0);

/** `refused`: it would make other bytes than the rest. `ended`: it takes no more work of the run. */
export const machineStates = ['working', 'waiting', 'unreachable', 'refused', 'ended'] as const;
export type MachineState = (typeof machineStates)[number];

/** Events that a run of every kind has; the events of a kind are these and its own. */
export const lifecycleEventSchemas = {
  runStarted: z.object({
    type: z.literal('run-started'),
    run_id: z.string(),
    total: count,
    is_resumed: z.boolean(),
    /** The run's settings from here on, where a resumed run has others than before. */
    settings: z.record(z.string(), z.unknown()).optional(),
  }),
  batchSubmitted: z.object({
    type: z.literal('batch-submitted'),
    batch_id: count,
    /** Null where the host had not decided it yet. */
    worker_id: count.nullable(),
    tasks: count,
  }),
  hostUnreachable: z.object({ type: z.literal('host-unreachable'), host: z.string(), message: z.string() }),
  hostReachable: z.object({ type: z.literal('host-reachable'), host: z.string() }),
} as const;

/** Events of a run on several machines. */
export const machineEventSchemas = [
  z.object({
    type: z.literal('task-assigned'),
    task_key: z.string(),
    machine: z.string(),
    /** Another machine has the task too. */
    is_copy: z.boolean(),
  }),
  /** A result is here, and counts; it is used next. */
  z.object({ type: z.literal('task-answered'), task_key: z.string(), machine: z.string() }),
  z.object({
    type: z.literal('machine-changed'),
    machine: z.string(),
    state: z.enum(machineStates),
    message: z.string().nullable(),
  }),
] as const;

/** What ended a session before everything was done. */
export const sessionErrorSchema = z.object({
  code: z.string(),
  message: z.string(),
  next_step: z.string().nullable(),
});

export type SessionError = z.infer<typeof sessionErrorSchema>;

/** Code of a session that the user or the system ended. */
export const interruptedCode = 'interrupted';

/** Code of a session that ended while its work keeps running on the host. */
export const leftCode = 'detached';

/** Code of a run that `cosmos cancel` stopped. */
export const cancelledCode = 'cancelled';

/** The last event of each session of a run. @param counts - Schema of the kind's own counts. */
export function runFinishedSchema<Counts extends z.ZodType>(counts: Counts) {
  return z.object({
    type: z.literal('run-finished'),
    status: z.enum(runStatuses),
    counts,
    /** Null where nothing stopped it; missing in journals of older versions. */
    error: sessionErrorSchema.nullable().optional(),
  });
}

export type MachineEvent = z.infer<(typeof machineEventSchemas)[number]>;

/** An event of the lifecycle, whatever the kind of run. */
export type LifecycleEvent =
  | z.infer<(typeof lifecycleEventSchemas)[keyof typeof lifecycleEventSchemas]>
  | MachineEvent
  | {
      readonly type: 'run-finished';
      readonly status: RunStatus;
      readonly counts: object;
      readonly error: SessionError | null;
    };

/** The first event of a session. @param settings - Schema of the settings in the kind's checkpoint. */
export function runStartedSchema<Settings extends z.ZodType>(settings: Settings) {
  return lifecycleEventSchemas.runStarted.extend({ settings: settings.optional() });
}

/** Version of the event lines. */
export const runEventVersion = 1;

/** An event as the journal holds it: `seq` counts from 0 within a run, over all its sessions. */
export type Journaled<Body> = Body & {
  readonly version: typeof runEventVersion;
  readonly seq: number;
  readonly time: string;
};
