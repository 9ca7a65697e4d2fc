import { z } from 'zod';
import { runEndingSchema } from '../../../src/core/run/run-ending.ts';
import { sessionErrorSchema, standingStatuses } from '../../../src/core/run/run-status.ts';
import { upscalerKinds } from '../../../src/core/upscale/upscale-settings.ts';
import { plannedVideoSchema, videoFailureSchema } from '../../../src/core/video-set/set-checkpoint.ts';
import { videoSetCountsSchema, videoSetEventBodySchema } from '../../../src/core/video-set/set-event.ts';
import {
  type VideoSetReport,
  type VideoSetSummary,
  videoSetSummaryVersion,
} from '../../../src/core/video-set/set-summary.ts';
import type { VideoSetPlanDocument } from '../../../src/output/json/video-set-plan-document.ts';

const version = z.literal(1);
const count = z.int().min(0);
const frameSize = z.object({ width: count, height: count }).nullable();

/** One line of `--events` and of the journal of a run over several videos. */
export const videoSetEventSchema = z
  .intersection(z.object({ version, seq: count, time: z.iso.datetime() }), videoSetEventBodySchema)
  .describe('One thing that happened in a run of upscale over several videos.');

/** What `upscale --json` of several videos prints when a run has ended. */
export const videoSetSummarySchema = z
  .object({
    version: z.literal(videoSetSummaryVersion),
    kind: z.literal('upscale-set'),
    run_id: z.string(),
    status: z.enum(standingStatuses),
    inputs: z.array(z.string()),
    output: z.string(),
    counts: videoSetCountsSchema,
    engine: z.string(),
    model: z.string(),
    scale: z.number().nullable(),
    size: z.string(),
    host: z.string(),
    workers: z.int().min(1),
    checkpoint: z.string(),
    report: z.object({ json: z.string(), html: z.string() }),
    started_at: z.iso.datetime(),
    duration_ms: count,
    frames_per_second: z.number().min(0).nullable(),
    realtime_factor: z.number().min(0).nullable(),
    videos: z.array(
      z.object({
        input: z.string(),
        output: z.string(),
        status: z.enum(['finished', 'skipped', 'failed', 'open']),
        frames: count.nullable(),
        unique_frames: count.nullable(),
        size: frameSize,
        size_bytes: count.nullable(),
        duration_seconds: z.number().min(0).nullable(),
        notices: z.array(z.string()),
        failure: videoFailureSchema.nullable(),
        report: z.string().nullable(),
      }),
    ),
    ignored: z.array(z.string()),
    notices: z.array(z.string()),
    failures: z.array(videoFailureSchema.extend({ input: z.string() })),
    is_resumable: z.boolean(),
    error: sessionErrorSchema.nullable(),
    ending: runEndingSchema.nullable(),
  })
  .describe('How a run of upscale over several videos ended.') satisfies z.ZodType<VideoSetSummary>;

/** `report.json` of such a run. */
export const videoSetReportSchema = videoSetSummarySchema
  .extend({ tool_version: z.string() })
  .describe('What became of each video of a run of upscale.') satisfies z.ZodType<VideoSetReport>;

/** What `upscale --dry-run --json` of several videos prints. */
export const videoSetPlanSchema = z
  .object({
    version,
    kind: z.literal('upscale-set'),
    inputs: z.array(z.string()),
    output: z.string(),
    engine: z.object({
      kind: z.enum(upscalerKinds),
      model: z.string().nullable(),
      scale: z.number().nullable(),
      size: z.string(),
      workers: z.int().min(1),
      is_worker_count_open: z.boolean(),
    }),
    host: z.string(),
    counts: z.object({ videos: count, to_do: count, skipped: count, failed: count }),
    videos: z.array(plannedVideoSchema.omit({ modified_ms: true })),
    ignored: z.array(z.string()),
    notices: z.array(z.string()),
    scan_ms: count,
    expected: z.object({ output_bytes: count }),
    free_bytes: z.number().min(0).nullable(),
  })
  .describe('What upscale would do with several videos.') satisfies z.ZodType<VideoSetPlanDocument>;
