import { basename, dirname, join } from 'node:path';
import { type UpscaleCheckpoint, upscaleCheckpointSchema } from '../../core/upscale/upscale-checkpoint.ts';
import { type UpscaleEventBody, upscaleEventBodySchema } from '../../core/upscale/upscale-event.ts';
import { shortName } from '../files/short-name.ts';
import type { RunFormat } from './run-format.ts';

/** Runs that upscale a video. */
export const upscaleFormat: RunFormat<UpscaleCheckpoint, UpscaleEventBody> = {
  kind: 'upscale',
  checkpointSchema: upscaleCheckpointSchema,
  eventSchema: upscaleEventBodySchema,
  outputLock: ({ settings: { output } }) => ({
    // Hidden, and named after the file: other videos of the folder may be made meanwhile.
    lockPath: join(dirname(output), `.${shortName(basename(output))}.cosmos.lock`),
    what: `output ${output}`,
    folder: `output folder ${dirname(output)}`,
    flag: '--output',
  }),
  // The output grows under a name of its own, and resuming goes on with it.
  writtenPaths: async () => [],
};
