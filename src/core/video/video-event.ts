import { z } from 'zod';
import { retouchSettingsSchema } from '../retouch/retouch-settings.ts';
import {
  lifecycleEventSchemas,
  machineEventSchemas,
  runFinishedSchema,
  runStartedSchema,
} from '../run/run-status.ts';
import { upscaleSettingsSchema } from '../upscale/upscale-settings.ts';

const count = z.int().min(0);

export const videoCountsSchema = z.object({
  frames: count,
  unique_frames: count,
  duplicates: count,
  segments: count,
  finished_segments: count,
  failed_segments: count,
});

/** What was verified of the finished video. */
export const verifiedVideoSchema = z.object({
  size_bytes: count,
  frames: count,
  duration_seconds: z.number().min(0),
  max_time_error_ms: z.number().min(0),
  copied_streams: count,
  converted_streams: count,
});

/** What becomes of the segments of a video. */
export const segmentEventSchemas = {
  finished: z.object({
    type: z.literal('segment-finished'),
    segment_id: count,
    task_key: z.string(),
    frames: count,
    unique_frames: count,
    sha256: z.string(),
    size_bytes: count,
    attempts: count,
    duration_ms: count,
    stages_ms: z.object({ decode: count, upscale: count, encode: count }),
    batch_size: count,
    tile: count,
    lanes: count,
  }),
  failed: z.object({
    type: z.literal('segment-failed'),
    segment_id: count,
    task_key: z.string(),
    attempts: count,
    code: z.string(),
    message: z.string(),
    next_step: z.string(),
  }),
  lost: z.object({
    type: z.literal('segment-lost'),
    segment_id: count,
    task_key: z.string(),
    message: z.string(),
  }),
} as const;

/** A video stands at its final path, verified. */
export const videoFinishedSchema = z.object({
  type: z.literal('video-finished'),
  output: z.string(),
  ...verifiedVideoSchema.shape,
  /** What differs from the source in a way that can be lived with. */
  notices: z.array(z.string()).default([]),
  duration_ms: count,
});

/** The lines of `--events` of a run that makes a video of a video, and of its journal. */
export const videoEventBodySchema = z.discriminatedUnion('type', [
  runStartedSchema(z.union([upscaleSettingsSchema, retouchSettingsSchema])),
  lifecycleEventSchemas.batchSubmitted,
  segmentEventSchemas.finished,
  segmentEventSchemas.failed,
  segmentEventSchemas.lost,
  lifecycleEventSchemas.hostUnreachable,
  lifecycleEventSchemas.hostReachable,
  ...machineEventSchemas,
  videoFinishedSchema,
  runFinishedSchema(videoCountsSchema),
]);

export type VideoCounts = z.infer<typeof videoCountsSchema>;
export type VideoEventBody = z.infer<typeof videoEventBodySchema>;
export type VideoEventOf<Type extends VideoEventBody['type']> = Extract<VideoEventBody, { type: Type }>;
