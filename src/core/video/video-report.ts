import { z } from 'zod';
import { encodingDocumentShape } from '../encoding/describe-encoding.ts';
import { frameFiltersSchema } from '../frames/frame-filters.ts';
import { machineReportSchema } from '../run/machine-timeline.ts';
import { runEndingSchema } from '../run/run-ending.ts';
import { standingStatuses } from '../run/run-status.ts';
import { verifiedVideoSchema, videoCountsSchema } from './video-event.ts';

/** Version of the `report.json` of an upscale run. */
export const videoReportVersion = 1;

const count = z.int().min(0);
const rate = z.number().min(0).nullable();
const picture = z.object({ width: z.int().min(1), height: z.int().min(1), pixel_format: z.string() });

/** One segment and what became of it. Frames are counted from 1, as in the manifests. */
const segmentReportSchema = z.object({
  segment_id: count,
  status: z.enum(['finished', 'failed', 'pending']),
  first_frame: z.int().min(1),
  last_frame: z.int().min(1),
  unique_frames: z.int().min(1),
  attempts: count,
  /** The next are null unless it is finished. */
  duration_ms: count.nullable(),
  /** Frames shown per second of `duration_ms`. */
  frames_per_second: rate,
  /** How long each stage was at work; they overlap. */
  stages_ms: z.object({ decode: count, upscale: count, encode: count }).nullable(),
  size_bytes: count.nullable(),
  /** What the engine used in the end: less than asked for after it ran out of memory. */
  batch_size: count.nullable(),
  tile: count.nullable(),
  lanes: count.nullable(),
  failure: z.object({ code: z.string(), message: z.string(), next_step: z.string() }).nullable(),
});

/** How long a stage was at work over all segments, and how quick it was meanwhile. */
const stageReportSchema = z.object({
  stage: z.enum(['scan', 'decode', 'upscale', 'encode', 'finish']),
  busy_ms: count,
  /** Frames that went through it: `decode` and `upscale` see the unique ones only. */
  frames: count,
  frames_per_second: rate,
});

/** `report.json` of an upscale run. */
export const videoReportSchema = z.object({
  version: z.literal(videoReportVersion),
  kind: z.enum(['upscale', 'retouch']),
  run_id: z.string(),
  tool_version: z.string(),
  status: z.enum(standingStatuses),
  /** Why the run is not at work; null for one that is, or is complete. */
  ending: runEndingSchema.nullable(),
  host: z.string(),
  input: z.string(),
  output: z.string(),
  engine: z.string(),
  /** File name of the model; empty for an engine without one. */
  model: z.string(),
  started_at: z.iso.datetime(),
  /** Null until the video is finished. */
  finished_at: z.iso.datetime().nullable(),
  counts: videoCountsSchema,
  finished_frames: count,
  /** Over all sessions, without the time between them; `total` is the sum of the others. */
  time_ms: z.object({ total: count, scan: count, segments: count, finish: count }),
  /** Frames of finished segments per second of the segments' time. */
  frames_per_second: rate,
  stages: z.array(stageReportSchema),
  /** Missing or null for a run on one machine. */
  machines: z.array(machineReportSchema).nullable().optional(),
  source: picture.extend({ size_bytes: count, frame_rate: z.number().min(0) }),
  target: picture,
  settings: z.object({
    scale: z.number(),
    dedupe: z.string(),
    batch_size: z.int(),
    workers: z.int(),
    is_worker_count_open: z.boolean(),
    tile: z.int(),
    ...encodingDocumentShape,
    slots: z.int(),
    keep_going: z.boolean(),
    /** What was done to frames before; missing: nothing. */
    filters: frameFiltersSchema.exactOptional(),
  }),
  duplicates: z.object({
    percent: z.number().min(0).max(100),
    /** Pictures that are shown longest. */
    longest: z.array(z.object({ frame: z.int().min(1), frames: z.int().min(2), seconds: z.number() })),
    /** Their share, from 0 to 1, in stretches of the video of equally many frames. */
    shares: z.array(z.number().min(0).max(1)),
  }),
  /** The source's other streams; null where the source cannot be read any more. */
  streams: z
    .array(
      z.object({
        index: count,
        type: z.string(),
        codec: z.string(),
        language: z.string().nullable(),
        action: z.enum(['copy', 'convert', 'drop']),
        why: z.string().nullable(),
      }),
    )
    .nullable(),
  chapters: count.nullable(),
  /** Where frames were processed; not there where whole frames were. */
  regions: z
    .object({
      total: count,
      /** Frames with at least one. */
      frames: count,
      /** The first of them. Boxes are in fractions of the picture as shown. */
      listed: z.array(
        z.object({
          first_frame: z.int().min(1),
          last_frame: z.int().min(1),
          seconds: z.tuple([z.number(), z.number()]),
          box: z.object({ x: z.number(), y: z.number(), width: z.number(), height: z.number() }),
        }),
      ),
    })
    .exactOptional(),
  /** What was verified of the finished video; null before. */
  video: verifiedVideoSchema.nullable(),
  notices: z.array(z.string()),
  is_resumable: z.boolean(),
  segments: z.array(segmentReportSchema),
});

/** A frame of the source beside the same frame of the result. */
export interface ComparedFrame {
  /** From 1. */
  readonly frame: number;
  readonly seconds: number;
  /** JPEG files. */
  readonly before: Uint8Array;
  readonly after: Uint8Array;
  /** The same around a region of the frame; null where the whole frame was processed. */
  readonly closeUp: { readonly before: Uint8Array; readonly after: Uint8Array } | null;
}

export type SegmentReport = z.infer<typeof segmentReportSchema>;
export type StageReport = z.infer<typeof stageReportSchema>;
export type VideoReport = z.infer<typeof videoReportSchema>;
