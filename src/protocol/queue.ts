import { z } from 'zod';
import { runIdSchema, sha256Schema, taskKeySchema } from './identifiers.ts';
import { manifestSchema } from './manifest.ts';
import { protocolVersion } from './version.ts';

/** What a worker may take from a queue; each kind has a queue of its own. `finalize` puts a whole run together. */
export const jobKinds = ['upsample', 'upscale', 'retouch', 'inference', 'finalize'] as const;
export type JobKind = (typeof jobKinds)[number];

/** What lies in Redis of a job: ids only. The work itself is in the store. */
export const jobDataSchema = z.object({
  version: z.literal(protocolVersion),
  run_id: runIdSchema,
  /** Names `runs/<run_id>/jobs/<job_id>.json`; null for `finalize`. */
  job_id: z
    .string()
    .regex(/^[\w.:-]{1,200}$/)
    .nullable(),
});
export type JobData = z.infer<typeof jobDataSchema>;

/** `runs/<run_id>/jobs/<job_id>.json`: a manifest with one batch that any worker may do. */
export const jobFileSchema = manifestSchema;

/** A machine, a worker or a run, as workers name them. */
const nameSchema = z.string().max(300);

/** So many keys are told of at once. */
export const mostKeysOfNews = 1_000;

/** What a worker tells of a job while it works on it. Lost ones do no harm: the store has the truth. */
export const jobNewsSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('assigned'),
    machine: nameSchema,
    keys: z.array(taskKeySchema).max(mostKeysOfNews),
  }),
  z.object({ type: z.literal('started'), machine: nameSchema, key: taskKeySchema }),
  z.object({
    type: z.literal('progress'),
    machine: nameSchema,
    key: taskKeySchema,
    done_parts: z.int(),
    total_parts: z.int(),
  }),
  z.object({ type: z.literal('finished'), machine: nameSchema, key: taskKeySchema }),
  z.object({ type: z.literal('refused'), machine: nameSchema, message: z.string() }),
  /** It keeps the job and tries again: the store or its own disk takes nothing at the moment. */
  z.object({ type: z.literal('waiting'), machine: nameSchema, message: z.string() }),
]);
export type JobNews = z.infer<typeof jobNewsSchema>;

/** `runs/<run_id>/cancelled.json`. */
export const cancelMarkSchema = z.object({ version: z.literal(protocolVersion), drain_ms: z.int().min(0) });

/** What was verified of a video that was put together of a run's segments. */
const finishedVideoSchema = z.object({
  size_bytes: z.int().min(0),
  frames: z.int().min(0),
  duration_seconds: z.number().min(0),
  max_time_error_ms: z.number().min(0),
  copied_streams: z.int().min(0),
  converted_streams: z.int().min(0),
  notices: z.array(z.string()),
  duration_ms: z.int().min(0),
});
export type FinishedVideo = z.infer<typeof finishedVideoSchema>;

/** `runs/<run_id>/final/final.json`: the run has its result. Null: it is where the run was started. */
export const finalSchema = z.object({
  version: z.literal(protocolVersion),
  file: z
    .object({
      path: z.string().regex(/^final\/video(\.[A-Za-z0-9]{1,10})?$/),
      sha256: sha256Schema,
      size_bytes: z.int().min(0),
    })
    .nullable(),
  video: finishedVideoSchema.nullable(),
});
export type FinalDocument = z.infer<typeof finalSchema>;

/** What a worker says of itself, every few seconds. */
export const workerFactsSchema = z.object({
  version: z.literal(protocolVersion),
  name: nameSchema,
  machine: nameSchema,
  pid: z.int(),
  slots: z.int(),
  kinds: z.array(z.enum(jobKinds)).max(jobKinds.length),
  started_at: z.iso.datetime(),
  seen_at: z.iso.datetime(),
  doing: z.array(z.object({ run_id: nameSchema, kind: z.enum(jobKinds) })).max(1_000),
  /** Why it cannot continue at the moment; null while it can. */
  problem: z.string().nullable().default(null),
  /** Runs whose work failed here a short while ago: others come first for it. */
  unable_for: z.array(nameSchema).max(1_000).default([]),
});
export type WorkerFacts = z.infer<typeof workerFactsSchema>;
