import { z } from 'zod';
import { encodingConfigSchema } from '../encoding/encoding-settings.ts';
import { assemblyFolderName, checkpointVersion, type RunFormat } from '../run/run-format.ts';
import { upscaleSettingsSchema } from '../upscale/upscale-settings.ts';
import { pinnedFileSchema } from '../video/video-checkpoint.ts';
import { type VideoSetEventBody, videoSetEventBodySchema } from './set-event.ts';

const count = z.int().min(0);

/** Why something cannot be upscaled, or was not. */
export const videoFailureSchema = z.object({ code: z.string(), message: z.string(), next_step: z.string() });

/** One video of a set, as it was found when the run was planned. */
export const plannedVideoSchema = z.object({
  /** Absolute path. */
  input: z.string(),
  /** As it is named in messages: its path below the folder that was given. */
  name: z.string(),
  /** Absolute path of the larger video. */
  output: z.string(),
  size_bytes: count,
  modified_ms: z.number(),
  /** About how many frames it has, and the size of the larger ones; null where the file does not say. */
  frames: count.nullable(),
  target: z.object({ width: count, height: count }).nullable(),
  /** Frames that a player shows in a second, on average. Missing: not known. */
  frames_per_second: z.number().positive().exactOptional(),
  /** Why it cannot be upscaled, as far as was seen without reading it through. */
  failure: videoFailureSchema.nullable(),
  /** It is a single picture: it is made as a video of one frame, and becomes a picture again. Missing: false. */
  is_picture: z.literal(true).exactOptional(),
  /** Its output stands already, and is left as it is. */
  is_skipped: z.boolean(),
});

/** `checkpoint.json` of a run that upscales several videos: each one's own plan is made when its turn comes. */
export const videoSetCheckpointSchema = z.object({
  // The first two in this order: a reader finds the kind at the file's beginning.
  version: z.literal(checkpointVersion),
  kind: z.literal('upscale-set'),
  run_id: z.string().regex(/^[a-z0-9][a-z0-9-]{2,63}$/),
  tool_version: z.string(),
  created_at: z.iso.datetime(),
  /** Folders and files as they were given: absolute paths. */
  inputs: z.array(z.string()).min(1),
  /** Between the name of each output and its ending. */
  suffix: z.string(),
  /** Of every video; `output` is the folder. How each is encoded is in its own plan. */
  settings: upscaleSettingsSchema,
  /** How they are to be encoded, as it was asked for. */
  encoding: encodingConfigSchema,
  model: pinnedFileSchema.nullable(),
  videos: z.array(plannedVideoSchema).min(1),
  /** Files of the folders that are no videos, by their names. */
  ignored: z.array(z.string()),
  notices: z.array(z.string()),
  /** How long looking at the files took, in milliseconds. */
  scan_ms: count,
});

export type VideoSetCheckpoint = z.infer<typeof videoSetCheckpointSchema>;
export type VideoOfPlan = z.infer<typeof plannedVideoSchema>;
export type VideoFailure = z.infer<typeof videoFailureSchema>;

/** The folder, in that of the run, of one video's own plan, segments and report. */
export function folderOfVideo(video: number): string {
  return `videos/${String(video + 1).padStart(6, '0')}`;
}

/** What the run folders of runs that upscale several videos hold. */
export const videoSetFormat: RunFormat<VideoSetCheckpoint, VideoSetEventBody> = {
  kind: 'upscale-set',
  checkpointSchema: videoSetCheckpointSchema,
  eventSchema: videoSetEventBodySchema,
  outputOf: ({ settings, videos }) => ({
    ...{ path: settings.output, type: 'folder', flag: '--output' },
    videos: videos.map(({ output }, video) => ({
      path: output,
      assembly: `${folderOfVideo(video)}/${assemblyFolderName}`,
    })),
  }),
  writtenFiles: () => [],
};
