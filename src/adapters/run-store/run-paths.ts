import { join } from 'node:path';
import { isInnerPath } from '../../core/inner-path.ts';
import type { RunPaths } from '../../ports/run-store.ts';

/** Name of the file that makes a folder a run. */
export const checkpointName = 'checkpoint.json';

export const runLockName = 'run.lock';

/** Name of the lock in an output folder; it starts with a dot, so that no scan takes it for a spec. */
export const outputLockName = '.cosmos.lock';

export function runPaths(folder: string): RunPaths {
  return {
    checkpoint: join(folder, checkpointName),
    journal: join(folder, 'journal.jsonl'),
    reportJson: join(folder, 'report.json'),
    reportHtml: join(folder, 'report.html'),
    inside: (name) => {
      if (!isInnerPath(name)) throw new RangeError(`path leaves its folder: ${JSON.stringify(name)}`);
      return join(folder, name);
    },
  };
}
