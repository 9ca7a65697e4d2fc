import { z } from 'zod';
import type { WorkerStatusFile } from '../../../src/core/frames/plan-files.ts';
import { runEndingSchema } from '../../../src/core/run/run-ending.ts';
import { sessionErrorSchema, standingStatuses } from '../../../src/core/run/run-status.ts';
import { videoCountsSchema, videoEventBodySchema } from '../../../src/core/video/video-event.ts';
import { videoReportSchema } from '../../../src/core/video/video-report.ts';
import { type VideoSummary, videoSummaryVersion } from '../../../src/core/video/video-summary.ts';

const version = z.literal(1);
const count = z.int().min(0);
const frameName = z.string().regex(/^frame_\d{6,}$/);

/** One line of `--events` and of the journal of a run of `upscale` or `retouch`. */
export const upscaleEventSchema = z
  .intersection(z.object({ version, seq: count, time: z.iso.datetime() }), videoEventBodySchema)
  .describe('One thing that happened in a run of upscale or retouch.');

/** What `upscale --json` and `retouch --json` print when a run has ended. */
export const upscaleSummarySchema = z
  .object({
    version: z.literal(videoSummaryVersion),
    kind: z.enum(['upscale', 'retouch']),
    run_id: z.string(),
    status: z.enum(standingStatuses),
    input: z.string(),
    output: z.string(),
    counts: videoCountsSchema,
    size: z.object({ width: z.int().min(1), height: z.int().min(1) }),
    engine: z.string(),
    model: z.string(),
    scale: z.number(),
    host: z.string(),
    workers: z.int().min(1),
    checkpoint: z.string(),
    report: z.object({ json: z.string(), html: z.string() }),
    started_at: z.iso.datetime(),
    duration_ms: count,
    frames_per_second: z.number().min(0).nullable(),
    realtime_factor: z.number().min(0).nullable(),
    video: videoReportSchema.shape.video,
    notices: z.array(z.string()),
    failures: z.array(
      z.object({ segment_id: count, code: z.string(), message: z.string(), next_step: z.string() }),
    ),
    is_resumable: z.boolean(),
    error: sessionErrorSchema.nullable(),
    ending: runEndingSchema.nullable(),
  })
  .describe('How a run of upscale or retouch ended.') satisfies z.ZodType<VideoSummary>;

/** `parallel_processing_plan.json`. */
export const processingPlanSchema = z
  .object({
    version,
    frames_to_process: z.array(frameName),
    frame_output_mapping: z.record(
      z.string().regex(/^\d+$/),
      z.object({
        input_path: frameName,
        unique_frame: frameName,
        output_path: frameName,
        is_duplicate: z.boolean(),
      }),
    ),
    stats: z.object({
      total_frames: count,
      unique_frames: count,
      duplicates: count,
      duplicate_percentage: z.number().min(0).max(100),
      parallel_jobs: count,
    }),
  })
  .describe('Which frames are upscaled, and which one each frame shows.');

/** `worker_<n>_status.json` in the run folder. */
export const upscaleWorkerStatusSchema = z
  .object({
    version,
    worker_id: count,
    status: z.enum(['loading', 'idle', 'processing', 'stopped', 'failed']),
    total_batches: count,
    completed_batches: count,
    current_batch: count.nullable(),
    progress_percent: z.number().min(0).max(100),
    start_time: z.iso.datetime(),
    estimated_completion: z.iso.datetime().nullable(),
    updated_at: z.iso.datetime(),
  })
  .describe('How one worker of an upscale run stands.') satisfies z.ZodType<WorkerStatusFile>;
