import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import pMap from 'p-map';
import {
  type UpsampleCheckpoint,
  upsampleCheckpointSchema,
} from '../../core/upsample/upsample-checkpoint.ts';
import { type UpsampleEventBody, upsampleEventBodySchema } from '../../core/upsample/upsample-event.ts';
import type { RunFormat } from './run-format.ts';
import { outputLockName } from './run-paths.ts';

const looksAtOnce = 32;

/** Runs that enrich prompts. */
export const upsampleFormat: RunFormat<UpsampleCheckpoint, UpsampleEventBody> = {
  kind: 'upsample',
  checkpointSchema: upsampleCheckpointSchema,
  eventSchema: upsampleEventBodySchema,
  outputLock: ({ settings: { output_dir: outputFolder } }) => ({
    lockPath: join(outputFolder, outputLockName),
    what: `output folder ${outputFolder}`,
    folder: `output folder ${outputFolder}`,
    flag: '--output-dir',
  }),
  writtenPaths: async ({ specs, settings, input_root: inputRoot }) => {
    const pathsIn = (folder: string) => specs.map(({ spec }) => join(folder, ...spec.split('/')));
    // Sources are written where their links lead.
    const sources = settings.write_back
      ? await pMap(pathsIn(inputRoot), (path) => realpath(path).catch(() => path), {
          concurrency: looksAtOnce,
        })
      : [];
    return [...pathsIn(settings.output_dir), ...sources];
  },
};
