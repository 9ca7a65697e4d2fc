import { z } from 'zod';
import { hdrMetadataSchema } from '../encoding/hdr-metadata.ts';
import { frameFiltersSchema } from '../frames/frame-filters.ts';
import { parsePicturePattern } from '../frames/picture-series.ts';
import { shownScale } from '../frames/target-size.ts';
import { hexSha256Schema } from '../inner-path.ts';
import { retouchSettingsSchema } from '../retouch/retouch-settings.ts';
import { checkpointVersion, type RunFormat } from '../run/run-format.ts';
import { upscaleSettingsSchema } from '../upscale/upscale-settings.ts';
import { type VideoEventBody, videoEventBodySchema } from './video-event.ts';

const count = z.int().min(0);
const fraction = z.object({ numerator: z.int().min(1), denominator: z.int().min(1) });
const format = z.object({ width: z.int().min(1), height: z.int().min(1), pixel_format: z.string() });
const tag = z.string().nullable();

/** A file of this machine that the run depends on, as it was when the run was planned. */
export const pinnedFileSchema = z.object({
  path: z.string(),
  sha256: hexSha256Schema,
  size_bytes: z.number().min(0),
  modified_ms: z.number(),
});

/** How frames are read and written; the same for all segments. */
const plannedClipSchema = z.object({
  stream: count,
  is_turned: z.boolean(),
  frame: format,
  target: format,
  frame_rate: fraction,
  time_base: fraction,
  sample_aspect: fraction,
  color: z.object({ range: tag, space: tag, primaries: tag, transfer: tag, chroma_location: tag }),
  /** The source's own range, where `color` has another one; missing: the same. */
  source_range: z.literal('pc').exactOptional(),
  /** The plan was made from packets alone, so that damage shows only when segments are made. */
  is_unchecked: z.literal(true).exactOptional(),
  /** What is done to frames before they are made larger; missing: nothing. */
  filters: frameFiltersSchema.exactOptional(),
  /** Static metadata of HDR that is carried over; missing: there is none. */
  hdr: hdrMetadataSchema.exactOptional(),
});

/** When frames are shown, run-length coded: a video of one hour with an even frame rate takes a few numbers. */
const plannedTimelineSchema = z.object({
  /** Time of the first frame, in ticks of the time base. */
  start: z.number(),
  /** Steps from frame to frame and how often each comes in a row. */
  steps: z.array(z.tuple([z.number(), z.int().min(1)])),
  /** Ticks that the last frame is shown. */
  last_duration: z.number(),
  /** Some times are not those of the file. */
  is_mended: z.boolean(),
  /** For each unique frame, how many frames in a row show it; and how many unique frames in a row have that number. */
  repeats: z.array(z.tuple([z.int().min(1), z.int().min(1)])),
});

/** Numbered pictures that a video is made of. */
export const plannedPicturesSchema = z.object({
  /** Runs of their numbers: the first one, and how many follow each other. */
  numbers: z.array(z.tuple([count, z.int().min(1)])).min(1),
  /** Pictures a second. */
  frame_rate: fraction,
});

/** What becomes of one of the source's streams besides the video that is upscaled. */
const plannedStreamSchema = z.object({
  index: count,
  type: z.enum(['audio', 'subtitle', 'attachment', 'data', 'video']),
  action: z.enum(['copy', 'convert', 'drop']),
  codec: z.string().nullable(),
  why: z.string().nullable(),
  /** What the output's sound has to be; null where it is not sound, or the same packets say it. */
  sound: z
    .object({ channels: count, layout: z.string().nullable(), sample_rate: count, is_lossless: z.boolean() })
    .nullable(),
});

const plannedSegmentSchema = z.object({
  segment_id: count,
  task_key: hexSha256Schema,
  first_frame: count,
  frames: z.int().min(1),
  first_unique: count,
  unique_frames: z.int().min(1),
  first_batch: count,
  seek_time: z.number().nullable(),
  /** Unique frames of its neighbours that its engine looks at. */
  context: z.object({ before: count, after: count }).exactOptional(),
});

/** A box that is processed in some frames, which are counted from 0; in pixels of the clip's frames. */
const plannedRegionSchema = z.object({
  first_frame: count,
  frames: z.int().min(1),
  box: z.object({ x: count, y: count, width: z.int().min(1), height: z.int().min(1) }),
  /** Which of its pixels: for how many frames in a row which line of the file of masks. Missing: all. */
  masks: z
    .array(z.object({ frames: z.int().min(1), at: count, bytes: count }))
    .min(1)
    .exactOptional(),
});

/** What the checkpoint of every run that makes a video of a video holds beside its kind and its settings. */
const videoPlanShape = {
  run_id: z.string().regex(/^[a-z0-9][a-z0-9-]{2,63}$/),
  tool_version: z.string(),
  created_at: z.iso.datetime(),
  source: pinnedFileSchema,
  /** The source is a pattern of these pictures, and `retimed` has them in one file. Missing: it is a video. */
  pictures: plannedPicturesSchema.exactOptional(),
  /** A copy of the source with joined times, which is read in its place; null where its clock does not break. */
  retimed: pinnedFileSchema.nullable().default(null),
  model: pinnedFileSchema.nullable(),
  clip: plannedClipSchema,
  /** Not there in runs of earlier versions, which tried nothing. */
  streams: z.array(plannedStreamSchema).exactOptional(),
  timeline: plannedTimelineSchema,
  counts: z.object({ frames: z.int().min(1), unique_frames: z.int().min(1), batches: z.int().min(1) }),
  segments: z.array(plannedSegmentSchema).min(1),
  /** Notices that were shown before the work began. */
  notices: z.array(z.string()),
  /** How long the scan took, in milliseconds. */
  scan_ms: z.int().min(0),
};

/** `checkpoint.json` of an upscale run: written once, when it begins; the journal holds the rest. */
export const upscaleCheckpointSchema = z.object({
  // The first two in this order: a reader finds the kind at the file's beginning.
  version: z.literal(checkpointVersion),
  kind: z.literal('upscale'),
  settings: upscaleSettingsSchema,
  ...videoPlanShape,
});

/** The same of a run that processes regions of a video. */
export const retouchCheckpointSchema = z.object({
  version: z.literal(checkpointVersion),
  kind: z.literal('retouch'),
  settings: retouchSettingsSchema,
  regions: z.array(plannedRegionSchema).min(1),
  /** The file of the regions' masks in the run folder, `masks.txt`; null where none has one. */
  masks: z.object({ sha256: hexSha256Schema, size_bytes: count }).nullable().default(null),
  ...videoPlanShape,
});

/** Of any run that makes a video of a video. */
export const videoCheckpointSchema = z.discriminatedUnion('kind', [
  upscaleCheckpointSchema,
  retouchCheckpointSchema,
]);

export type UpscaleCheckpoint = z.infer<typeof upscaleCheckpointSchema>;
export type RetouchCheckpoint = z.infer<typeof retouchCheckpointSchema>;
/** Of any run that makes a video of a video. */
export type VideoCheckpoint = UpscaleCheckpoint | RetouchCheckpoint;
export type VideoSettings = VideoCheckpoint['settings'];
/**
 * How frames are given to an engine: one that keeps their size knows neither tiles nor a number of lanes to be found out.
 *
 * @param clip - From which the scale follows where a size was asked for.
 */
export function laneSettingsOf(engine: VideoSettings['engine'], clip: Pick<PlannedClip, 'frame' | 'target'>) {
  const { batch_size, lanes } = engine;
  const own = 'scale' in engine ? engine : { scale: 1, tile: 0, is_lane_count_open: false };
  const { tile, is_lane_count_open } = own;
  const scale = 'size' in engine ? shownScale(clip.frame, clip.target) : own.scale;
  return { batch_size, lanes, scale, tile, is_lane_count_open };
}

export type PlannedRegion = z.infer<typeof plannedRegionSchema>;
export type PlannedSegment = z.infer<typeof plannedSegmentSchema>;
export type PlannedClip = z.infer<typeof plannedClipSchema>;
export type PlannedPictures = z.infer<typeof plannedPicturesSchema>;
export type PinnedFile = z.infer<typeof pinnedFileSchema>;

const common = {
  outputOf: ({ settings }: VideoCheckpoint) => {
    // Pictures are written below a folder, which only they make.
    const path = parsePicturePattern(settings.output)?.folder ?? settings.output;
    return { path, type: 'file', flag: '--output' } as const;
  },
  // The output grows under a name of its own, and resuming continues it.
  writtenFiles: () => [],
};

/** What the run folders of runs that upscale a video hold. */
export const upscaleFormat: RunFormat<UpscaleCheckpoint, VideoEventBody> = {
  ...common,
  kind: 'upscale',
  checkpointSchema: upscaleCheckpointSchema,
  eventSchema: videoEventBodySchema,
};

/** The same of runs that process regions of a video. */
export const retouchFormat: RunFormat<RetouchCheckpoint, VideoEventBody> = {
  ...common,
  kind: 'retouch',
  checkpointSchema: retouchCheckpointSchema,
  eventSchema: videoEventBodySchema,
};

export function videoFormatOf(kind: VideoCheckpoint['kind']): RunFormat<VideoCheckpoint, VideoEventBody> {
  return kind === 'upscale' ? upscaleFormat : retouchFormat;
}
