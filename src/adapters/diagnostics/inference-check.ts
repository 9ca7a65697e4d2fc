import { stat } from 'node:fs/promises';
import { missingFolderError, programFolders } from '../../core/inference/program-folders.ts';
import { localHostName } from '../../core/settings/host-named.ts';
import type { Settings } from '../../core/settings/settings-schema.ts';
import { expandHome } from '../cosmos-folders.ts';
import { type Check, ok, skipped, warning } from './run-checks.ts';

/** Where a Cosmos model's program and its weights are on this machine. Throws what a run would end with. */
export function inferenceCheck({ inference, hosts }: Settings): Check {
  const isForHosts = Object.keys(hosts).some((name) => name !== localHostName);
  return {
    name: 'inference',
    run: async () => {
      const folders = programFolders(inference);
      for (const folder of folders) {
        const found = await stat(expandHome(folder.path)).catch(() => null);
        if (found?.isDirectory()) continue;
        const error = missingFolderError(folder);
        if (!isForHosts) throw error;
        return warning(`${error.message} It may be on your hosts.`, error.nextStep ?? '');
      }
      if (folders.length === 0 && !isForHosts && inference.command.length === 0)
        return skipped('no videos yet: that takes a host, or inference.program_dir or inference.command');
      const named = folders.map(({ setting, path }) => `${setting} ${path}`);
      return ok(named.length === 0 ? `${inference.family}, on a host or by a command` : named.join(', '));
    },
  };
}
