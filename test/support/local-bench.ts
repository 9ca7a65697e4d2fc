import { mkdir, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readLockOwner } from '../../src/adapters/files/process-lock.ts';
import { LocalHost } from '../../src/adapters/local-host/local-host.ts';
import { systemClock } from '../../src/adapters/system-clock.ts';
import type { HostBench } from './contracts/host-bench.ts';
import { sampleEngine } from './sample-work.ts';
import { startStandInServer } from './stand-in-server.ts';
import { waitFor } from './wait-for.ts';
import { workerProgram } from './worker-rig.ts';

interface LocalBench extends HostBench {
  readonly root: string;
  createHost(): LocalHost;
}

/** A local host in a folder of its own, whose engine is a stand-in. */
export async function createLocalBench(): Promise<LocalBench> {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'ch-')));
  const server = await startStandInServer({ slots: 2, latencyMs: 60 });
  const engine = sampleEngine(server.baseUrl, { concurrency: 2 });
  return {
    root,
    engine,
    createHost: () => new LocalHost({ root, workerProgram, clock: systemClock }),
    asksFor: (prompt) => server.stats.asks.filter((ask) => ask.text === prompt).length,
    hold: server.hold,
    release: server.release,
    killWorker: async (runId, workerId) => {
      const owner = await readLockOwner(join(root, 'runs', runId, `worker_${workerId}.lock`));
      if (owner === null) throw new Error('there is no worker to kill');
      await killAndWait(owner.pid);
    },
    ruinWorker: async (runId, workerId) => {
      // A folder where its lock belongs: nobody can take that lock.
      const lock = join(root, 'runs', runId, `worker_${workerId}.lock`);
      const owner = await readLockOwner(lock);
      if (owner === null) throw new Error('there is no worker to ruin');
      await killAndWait(owner.pid);
      await rm(lock, { force: true });
      await mkdir(join(lock, 'ruined'), { recursive: true });
      return { mend: () => rm(lock, { recursive: true }) };
    },
    [Symbol.asyncDispose]: async () => {
      await server.stop();
      await rm(root, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

async function killAndWait(pid: number): Promise<void> {
  process.kill(pid, 'SIGKILL');
  await waitFor(() => {
    try {
      process.kill(pid, 0);
      return false;
    } catch {
      return true;
    }
  });
}
