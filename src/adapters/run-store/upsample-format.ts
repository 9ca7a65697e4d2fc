import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import pMap from 'p-map';
import { type Checkpoint, checkpointSchema } from '../../core/run/checkpoint.ts';
import { type RunEventBody, runEventBodySchema } from '../../core/run/run-event.ts';
import type { RunFormat } from './run-format.ts';
import { outputLockName } from './run-paths.ts';

const looksAtOnce = 32;

/** Runs that enrich prompts. */
export const upsampleFormat: RunFormat<Checkpoint, RunEventBody> = {
  kind: 'upsample',
  checkpointSchema,
  eventSchema: runEventBodySchema,
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
