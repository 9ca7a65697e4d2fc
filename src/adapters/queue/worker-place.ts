import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pMap from 'p-map';
import { AppError } from '../../errors/app-error.ts';
import type { Host } from '../../ports/host.ts';
import type { WorkerPlace } from '../../ports/worker-place.ts';
import { layout } from '../../protocol/layout.ts';
import { acquireProcessLock } from '../files/process-lock.ts';
import { liveWorkers } from '../local-host/live-workers.ts';
import { FolderCache } from './folder-cache.ts';

/** How many workers of one name may run on one machine. */
const maxWorkers = 1_000;

/** How long those may take, in milliseconds. */
const endTimeoutMs = 15_000;

interface PlaceOptions {
  /** Folder for all workers of queues on this machine. */
  readonly root: string;
  readonly name: string;
  readonly slots: number;
  readonly cacheBytes: number;
  /** A host in a folder of its own. */
  createHost(root: string): Host;
}

/** The first free folder of this name; what a worker left there that was killed is removed. */
export async function takeWorkerPlace(options: PlaceOptions): Promise<WorkerPlace> {
  const { root, slots, createHost } = options;
  for (let number = 0; number < maxWorkers; number += 1) {
    const name = number === 0 ? options.name : `${options.name}-${number + 1}`;
    const folder = join(root, name);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const lock = await acquireProcessLock(join(folder, 'worker.lock'));
    if (!lock.isHeld) continue;
    await rm(join(folder, 'files'), { recursive: true, force: true });
    const cache = new FolderCache(join(folder, 'objects'), options.cacheBytes);
    return {
      name,
      slots: await pMap(Array.from({ length: slots }).keys(), async (at) => {
        const slotRoot = join(folder, `slot_${at}`);
        return { host: createHost(slotRoot), clear: () => clearSlot(slotRoot) };
      }),
      withFile: async (file, use) => {
        const path = join(folder, 'files', file);
        await mkdir(join(folder, 'files'), { recursive: true, mode: 0o700 });
        return await use(path).finally(() => rm(path, { force: true }));
      },
      withFolder: async (work, use) => {
        const path = join(folder, 'work', work);
        await mkdir(path, { recursive: true, mode: 0o700 });
        const used = await use(path);
        await rm(path, { recursive: true, force: true, maxRetries: 5 });
        return used;
      },
      objectPath: (sha256) => cache.pathFor(sha256),
      release: () => lock.release(),
    };
  }
  throw new AppError({
    code: 'usage-invalid',
    message: `${maxWorkers} workers are named ${options.name} on this machine already.`,
    nextStep: 'Give this one another --name.',
  });
}

/** Processes of a worker that was killed end by themselves, but may not have yet. */
async function clearSlot(slotRoot: string): Promise<void> {
  const runs = join(slotRoot, layout.runs);
  const deadlineMs = performance.now() + endTimeoutMs;
  for (const runId of await readdir(runs).catch(() => [])) {
    while ((await liveWorkers(join(runs, runId))).length > 0 && performance.now() < deadlineMs)
      await delay(50);
  }
  await rm(slotRoot, { recursive: true, force: true, maxRetries: 5 });
}
