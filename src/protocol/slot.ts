import { z } from 'zod';
import { runIdSchema, sha256Schema } from './identifiers.ts';
import { protocolVersion } from './version.ts';
import { workerStatusSchema } from './worker-status.ts';

/** The engine's server as its slot sees it. Times are ISO 8601, durations milliseconds. */
export const modelServerStatusSchema = z.object({
  state: z.enum(['loading', 'ready', 'restarting', 'failed', 'stopped']),
  model: z.string(),
  /** Since when the state holds. */
  since: z.iso.datetime(),
  /** How long loading took the last time on this host; null when it is not known yet. */
  expected_load_ms: z.int().min(0).nullable(),
  /** How often it was started again after it had died. */
  restarts: z.int().min(0),
  /** For people: what it does, or why it failed. */
  message: z.string().nullable(),
});

/** `GET /status` on a slot's socket. */
export const slotStatusSchema = z.object({
  version: z.literal(protocolVersion),
  slot_id: z.int().min(0),
  started_at: z.iso.datetime(),
  /** Runs that a worker of this slot serves now. */
  runs: z.array(
    z.object({
      run_id: runIdSchema,
      status: workerStatusSchema,
      /** A CLI reads its events, and may submit work at any moment. Older slots do not say. */
      is_watched: z.boolean().optional(),
    }),
  ),
  engine: modelServerStatusSchema.nullable(),
});

/** `POST /open_run`: have a worker for this run, on its own socket in the run folder. Safe to repeat. */
export const openRunRequestSchema = z.object({
  run_id: runIdSchema,
  /** Stop the engine's server when no run is left, instead of keeping it warm. */
  offload_models: z.boolean().default(true),
});

export const openRunAnswerSchema = z.object({
  run_id: runIdSchema,
  /** Whether it had a worker already. */
  is_adopted: z.boolean(),
});

const atMost = 200_000;

/** `POST /missing_objects`: which of these contents are not under `objects/`, whole and sound. */
export const missingObjectsRequestSchema = z.object({ sha256s: z.array(sha256Schema).max(atMost) });
export const missingObjectsAnswerSchema = z.object({ missing: z.array(sha256Schema) });

/** `POST /accept_bundle`: unpack `incoming/<name>`, verify every object and publish it. Uploads are the client's to remove. */
export const acceptBundleRequestSchema = z.object({ path: z.string().min(1).max(512) });
/** `POST /accept_object`: copy `incoming/<name>`, verify the copy against its hash and publish it by rename. */
export const acceptObjectRequestSchema = z.object({ path: z.string().min(1).max(512), sha256: sha256Schema });
export const acceptAnswerSchema = z.object({ accepted: z.int().min(0) });

export const apiErrorSchema = z.object({ error: z.object({ code: z.string(), message: z.string() }) });

export type ModelServerStatus = z.infer<typeof modelServerStatusSchema>;
export type SlotStatus = z.infer<typeof slotStatusSchema>;
export type OpenRunRequest = z.infer<typeof openRunRequestSchema>;
