import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { bundleModelPrograms } from '../stand-in/bundle-program.ts';
import type { LabFacts } from './lab.ts';
import type { RemoteStage } from './remote-stage.ts';

const run = promisify(execFile);

/** Where the programs in a container note what they do, below the host's root folder. */
export const programJournal = 'cache/journal';

/**
 * Builds an image like that of a model, with stand-ins for its programs, on the lab's engine.
 *
 * @param variables - How the stand-ins behave.
 */
export async function buildModelImage(
  name: string,
  { folder }: Pick<RemoteStage, 'folder'>,
  lab: LabFacts,
  variables: Readonly<Record<string, string>> = {},
): Promise<void> {
  const context = join(folder, 'context');
  await bundleModelPrograms(context);
  const environment = Object.entries({ STAND_IN_JOURNAL: `/cosmos/${programJournal}`, ...variables });
  const lines = [
    `FROM ${lab.baseImage}`,
    'COPY python torchrun /usr/local/bin/',
    ...environment.map(([variable, value]) => `ENV ${variable}=${value}`),
    'WORKDIR /workspace',
  ];
  await writeFile(join(context, 'Dockerfile'), `${lines.join('\n')}\n`);
  await run('docker', ['-H', `unix://${lab.dockerSocket}`, 'build', '--quiet', '--tag', name, context]);
}
