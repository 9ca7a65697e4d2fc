import { hostname } from 'node:os';
import { LocalSourceFiles } from '../../src/adapters/files/local-source-files.ts';
import { LocalHost } from '../../src/adapters/local-host/local-host.ts';
import { admitByCanary } from '../../src/adapters/queue/admit-by-canary.ts';
import { openJobs } from '../../src/adapters/queue/connect-redis.ts';
import { RedisJobSource } from '../../src/adapters/queue/redis-job-source.ts';
import { takeWorkerPlace } from '../../src/adapters/queue/worker-place.ts';
import { FolderStore } from '../../src/adapters/store/folder-store.ts';
import { systemClock } from '../../src/adapters/system-clock.ts';
import { FfmpegVideoTool } from '../../src/adapters/video/ffmpeg-video-tool.ts';
import { finalizeRun } from '../../src/services/workers/finalize-run.ts';
import { serveQueue } from '../../src/services/workers/serve-queue.ts';
import { type QueueWorkerOptions, quickTiming } from './queue-rig.ts';
import { workerProgram } from './worker-rig.ts';

/** Where others that could vote never do. */
const quickVotingMs = 2_000;

/** What `cosmos worker` does, as it is written, with short times. */
const {
  settings,
  root,
  name,
  isDraining = false,
  votingMs = quickVotingMs,
}: QueueWorkerOptions = JSON.parse(process.argv[2] ?? '');
const leave = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => leave.abort());
const source = new RedisJobSource(await openJobs(settings, process.env), quickTiming);
const store = new FolderStore(settings.store);
const place = await takeWorkerPlace({
  ...{ root, name, slots: 1, cacheBytes: 1e9 },
  createHost: (slotRoot) =>
    new LocalHost({ root: slotRoot, workerProgram, clock: systemClock, isTied: true }),
});
const log = (line: string) => console.error(`${new Date().toISOString()} ${name} ${line}`);
const ports = { clock: systemClock, video: new FfmpegVideoTool(), sources: new LocalSourceFiles() };
await serveQueue(
  {
    machine: hostname(),
    pid: process.pid,
    kinds: ['upsample', 'upscale', 'inference', 'finalize'],
    isDraining,
  },
  {
    ...{ source, store, place, clock: systemClock },
    admit: admitByCanary({
      ...{ store, clock: systemClock, name: place.name, votingMs },
      workers: () => source.workers(),
    }),
    finalize: (job, signal) => finalizeRun(job, { source, store, place, ports, log }, signal),
    log,
  },
  leave.signal,
);
await source.close(place.name);
await place.release();
process.exit(0);
