/**
 * How evenly a pool and a queue keep four machines busy on a real clock, with the real dealing, a real Redis and a real
 * store: segments are pauses of a fixed length, since two cores cannot be four machines. Ideal is the whole work over what
 * the machines do in a second. Once all are equal, once one is ten times slower.
 *
 *     node scripts/bench/farm-run.ts [--tasks 160] [--task-ms 1000] [--quick] [--json]
 */
import { mkdir } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { PoolHost } from '../../src/adapters/pool-host/pool-host.ts';
import { openJobs } from '../../src/adapters/queue/connect-redis.ts';
import { RedisJobSource } from '../../src/adapters/queue/redis-job-source.ts';
import { usualTiming } from '../../src/adapters/queue/redis-jobs.ts';
import { QueueHost } from '../../src/adapters/queue-host/queue-host.ts';
import { FolderStore } from '../../src/adapters/store/folder-store.ts';
import { systemClock } from '../../src/adapters/system-clock.ts';
import { settingsSchema } from '../../src/core/settings/settings-schema.ts';
import { queuedAtOnce } from '../../src/machine-composition.ts';
import type { Host } from '../../src/ports/host.ts';
import { serveQueue } from '../../src/services/workers/serve-queue.ts';
import { Listener } from '../../test/support/contracts/host-bench.ts';
import { missingRedis, startRedis } from '../../test/support/lab/redis.ts';
import { poolOptions } from '../../test/support/pool-bench.ts';
import { inParallel } from './support/in-parallel.ts';
import { type Figure, figure, printResult } from './support/result.ts';
import { inSandbox } from './support/sandbox.ts';
import { TimedMachine, timedEngine, timedTasks } from './support/timed-machine.ts';

const { values } = parseArgs({
  options: {
    tasks: { type: 'string', default: '160' },
    'task-ms': { type: 'string' },
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const count = Number(values.tasks);
const taskMs = Number(values['task-ms'] ?? (values.quick ? 250 : 1_000));
const machines = 4;
const scenes = [
  { name: 'equal machines', slowest: 1, limit: 1.1 },
  { name: 'one 10x slower', slowest: 10, limit: 1.25 },
] as const;

const figures: Figure[] = [];
for (const scene of scenes) figures.push(...figuresOf('pool', scene, await overPool(scene.slowest)));
if (missingRedis() === null)
  for (const scene of scenes) figures.push(...figuresOf('queue', scene, await overQueue(scene.slowest)));
printResult({ bench: 'farm-run', config: { machines, tasks: count, task_ms: taskMs }, figures }, values.json);

interface Outcome {
  readonly wallMs: number;
  readonly mostCopies: number;
}

function figuresOf(
  way: string,
  { name, slowest, limit }: (typeof scenes)[number],
  outcome: Outcome,
): Figure[] {
  const idealMs = (count * taskMs) / (machines - 1 + 1 / slowest);
  return [
    figure(`${way}, ${name}: times the ideal`, outcome.wallMs / idealMs, '', `<= ${limit}`),
    figure(`${way}, ${name}: most copies of a segment`, outcome.mostCopies, '', '<= 1'),
  ];
}

function farmOf(slowest: number): readonly TimedMachine[] {
  return Array.from(
    { length: machines },
    (_, at) => new TimedMachine(`machine-${at}`, at === 0 ? slowest * taskMs : taskMs),
  );
}

async function overPool(slowest: number): Promise<Outcome> {
  const farm = Object.fromEntries(farmOf(slowest).map((machine) => [machine.name, machine]));
  const admit = async () => ({ isAdmitted: true }) as const;
  const createCheck = () => ({ admit, owns: () => false });
  return await timed(new PoolHost(poolOptions(farm, { createCheck })), true);
}

async function overQueue(slowest: number): Promise<Outcome> {
  return await inSandbox('farm-run', async (sandbox) => {
    await using redis = await startRedis();
    const folder = sandbox.path('store');
    await mkdir(folder);
    const { queue } = settingsSchema.parse({ queue: { url: redis.url, store: folder } });
    const connect = () => openJobs(queue, process.env);
    const leave = new AbortController();
    const working = farmOf(slowest).map(async (host) => {
      const source = new RedisJobSource(await connect(), usualTiming);
      const place = {
        ...{ name: host.name, slots: [{ host, clear: async () => undefined }] },
        withFile: <T>(name: string, use: (path: string) => Promise<T>) => use(sandbox.path(host.name, name)),
        withFolder: <T>(name: string, use: (path: string) => Promise<T>) => use(sandbox.path(name)),
        objectPath: async (hash: string) => sandbox.path('cache', hash),
        release: async () => undefined,
      };
      const options = {
        machine: host.name,
        pid: process.pid,
        kinds: ['upscale'],
        isDraining: false,
      } as const;
      const nothing = async () => undefined;
      const deps = {
        source,
        store: new FolderStore(folder),
        place,
        clock: systemClock,
        admit: async () => null,
      };
      await serveQueue(options, { ...deps, finalize: nothing, log: () => undefined }, leave.signal);
      await source.close(host.name);
    });
    const workerCommand = 'cosmos worker';
    const timing = { scanMs: 2_000, refillMs: 30_000, lockMs: 30_000, maxOutageMs: 60_000 };
    const openStore = async () => new FolderStore(folder);
    try {
      return await timed(
        new QueueHost({ connect, openStore, clock: systemClock, timing, workerCommand }),
        false,
      );
    } finally {
      leave.abort();
      await Promise.all(working);
    }
  });
}

/** From the first segment that is submitted to the last result. */
async function timed(host: Host, isTold: boolean): Promise<Outcome> {
  const run = await host.openRun('farm-run', { workers: machines });
  await using heard = new Listener(run);
  const start = performance.now();
  await inParallel([...timedTasks(count).entries()], isTold ? 1 : queuedAtOnce, ([batch_id, task]) =>
    run.submit({ batch_id, tasks: [task] }, timedEngine),
  );
  if (isTold) await run.allSubmitted({ checkpointPath: '', objects: [] });
  await heard.until(count, 3_600_000);
  const wallMs = performance.now() - start;
  const copies = heard.events.flatMap((event) =>
    event.type === 'task-assigned' && event.isCopy ? [event.taskKey] : [],
  );
  const times = [...Map.groupBy(copies, (key) => key).values()].map(({ length }) => length);
  await run.stop(0);
  await run.close();
  return { wallMs, mostCopies: Math.max(0, ...times) };
}
