import { z } from 'zod';
import {
  lifecycleEventSchemas,
  machineEventSchemas,
  runFinishedSchema,
  runStartedSchema,
} from '../run/run-status.ts';
import { upscaleSettingsSchema } from '../upscale/upscale-settings.ts';
import { segmentEventSchemas, videoFinishedSchema } from '../video/video-event.ts';

const count = z.int().min(0);

/** Which video of the set an event is of: its place in the checkpoint, from 0. */
const ofVideo = { video: count };

export const videoSetCountsSchema = z.object({
  videos: count,
  finished: count,
  /** Their output was there before. */
  skipped: count,
  failed: count,
  /** Of segments that are finished. */
  frames: count,
});

/** The lines of `--events` of a run that upscales several videos, and of its journal. */
export const videoSetEventBodySchema = z.discriminatedUnion('type', [
  runStartedSchema(upscaleSettingsSchema),
  z.object({
    type: z.literal('video-planned'),
    ...ofVideo,
    input: z.string(),
    /** Hex SHA-256 of the source. */
    sha256: z.string(),
    frames: count,
    unique_frames: count,
    segments: count,
    /** Of the larger frames. */
    width: count,
    height: count,
    scan_ms: count,
    notices: z.array(z.string()),
  }),
  lifecycleEventSchemas.batchSubmitted,
  segmentEventSchemas.finished.extend(ofVideo),
  segmentEventSchemas.failed.extend(ofVideo),
  segmentEventSchemas.lost.extend(ofVideo),
  lifecycleEventSchemas.hostUnreachable,
  lifecycleEventSchemas.hostReachable,
  ...machineEventSchemas,
  videoFinishedSchema.extend(ofVideo),
  z.object({
    type: z.literal('video-failed'),
    ...ofVideo,
    input: z.string(),
    code: z.string(),
    message: z.string(),
    next_step: z.string(),
  }),
  runFinishedSchema(videoSetCountsSchema),
]);

export type VideoSetCounts = z.infer<typeof videoSetCountsSchema>;
export type VideoSetEventBody = z.infer<typeof videoSetEventBodySchema>;
export type VideoSetEventOf<Type extends VideoSetEventBody['type']> = Extract<
  VideoSetEventBody,
  { type: Type }
>;
