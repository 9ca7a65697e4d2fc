import { z } from 'zod';
import type { hostStatusDocument } from '../../../src/output/json/host-status-document.ts';
import { modelServerStatusSchema, slotStatusSchema } from '../../../src/protocol/slot.ts';
import type { PreparationDocument } from '../../../src/services/hosts/host-upkeep.ts';
import type { PruneDocument } from '../../../src/services/hosts/prune-host.ts';

const version = z.literal(1);
const bytes = z.int().min(0);
const image = z.object({ name: z.string(), is_present: z.boolean() });

/** What `host status --json` prints. */
export const hostStatusSchema = z
  .object({
    version,
    host: z.string(),
    address: z.string().describe('`user@address:port`, or `this machine`.'),
    docker_version: z.string().nullable().describe('Null on this machine, which needs no Docker.'),
    image: image.nullable(),
    upscaler_image: image.nullable(),
    inference_image: image.nullable(),
    slots: z.array(
      z.object({
        slot_id: z.int().min(0),
        state: z.enum(['absent', 'stopped', 'starting', 'running', 'foreign']),
        container: z.string(),
        engine: modelServerStatusSchema.nullable(),
        runs: slotStatusSchema.shape.runs.nullable().describe('Null when the slot does not answer.'),
      }),
    ),
    gpus: z.array(
      z.object({ index: z.int().min(0), name: z.string(), used_bytes: bytes, total_bytes: bytes }),
    ),
    disk: z.object({ free_bytes: bytes, total_bytes: bytes }).nullable(),
  })
  .describe('How a host stands.') satisfies z.ZodType<Versioned<ReturnType<typeof hostStatusDocument>>>;

/** What `host prepare --json` prints. */
export const hostPrepareSchema = z
  .object({
    version,
    host: z.string(),
    image: z.string(),
    image_id: z.string(),
    outcome: z.enum(['present', 'built', 'pulled']),
    duration_ms: z.int().min(0),
  })
  .describe('What preparing a host came to.') satisfies z.ZodType<PreparationDocument>;

const prunedThingSchema = z.object({
  kind: z.enum(['run', 'object', 'upload', 'container', 'image']),
  name: z.string(),
  size_bytes: bytes.nullable(),
  reason: z.string(),
});

/** What `host prune --json` prints. */
export const hostPruneSchema = z
  .object({
    version,
    host: z.string(),
    keep_ms: z.int().min(0),
    unneeded: z.array(prunedThingSchema),
    is_confirmed: z.boolean().describe('False when this is only a listing.'),
    removed: z.array(prunedThingSchema),
  })
  .describe('What no run needs on a host, and what was removed.') satisfies z.ZodType<PruneDocument>;

/** A document whose version the code writes as a plain number. */
type Versioned<Document> = Omit<Document, 'version'> & { readonly version: 1 };
