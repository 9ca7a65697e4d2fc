import { z } from 'zod';

/** How a run stands or ended; `paused` waits for a person. */
export const runStatuses = ['complete', 'partial', 'detached', 'paused', 'failed'] as const;

export type RunStatus = (typeof runStatuses)[number];

const count = z.int().min(0);

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
    worker_id: count,
    tasks: count,
  }),
  hostUnreachable: z.object({ type: z.literal('host-unreachable'), host: z.string(), message: z.string() }),
  hostReachable: z.object({ type: z.literal('host-reachable'), host: z.string() }),
} as const;

/** The last event of each session of a run. @param counts - Schema of the kind's own counts. */
export function runFinishedSchema<Counts extends z.ZodType>(counts: Counts) {
  return z.object({ type: z.literal('run-finished'), status: z.enum(runStatuses), counts });
}

/** An event of the lifecycle, whatever the kind of run. */
export type LifecycleEvent =
  | z.infer<(typeof lifecycleEventSchemas)[keyof typeof lifecycleEventSchemas]>
  | { readonly type: 'run-finished'; readonly status: RunStatus; readonly counts: object };

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
