import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { LocalFileStore } from '../../../../src/adapters/files/local-file-store.ts';
import { systemClock } from '../../../../src/adapters/system-clock.ts';
import { layout } from '../../../../src/protocol/layout.ts';
import { WorkerProcess } from '../../../../src/worker/tasks/worker-process.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

it('reports a damaged manifest once, also when two look for manifests at the same time', async () => {
  const root = await temporaryFolder();
  const runFolder = join(root, layout.run('run-1'));
  await mkdir(join(runFolder, layout.manifests), { recursive: true });
  await writeFile(join(runFolder, layout.manifest(0, 3)), '{');
  const log: string[] = [];
  const kind = {
    open: () => {
      throw new Error('no task needs an engine');
    },
  };
  const worker = new WorkerProcess(
    { root, runId: 'run-1', workerId: 0, runFolder, socketPath: join(root, 's'), idleTimeoutMs: 60_000 },
    {
      kinds: { upsample: kind, upscale: kind, retouch: kind, inference: kind },
      store: new LocalFileStore(runFolder),
      clock: systemClock,
      random01: () => 0.5,
      log: (line) => log.push(line),
    },
  );
  await Promise.all([worker.takeUnread(), worker.takeUnread()]);
  expect(log).toEqual([expect.stringContaining(layout.manifest(0, 3))]);
});
