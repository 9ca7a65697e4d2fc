import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { RedisQueueUpkeep } from '../../../src/adapters/queue-host/redis-queue-upkeep.ts';
import { FolderStore } from '../../../src/adapters/store/folder-store.ts';
import { systemClock } from '../../../src/adapters/system-clock.ts';
import { Listener } from '../../support/contracts/host-bench.ts';
import { missingRedis } from '../../support/lab/redis.ts';
import { QueueRig } from '../../support/queue-rig.ts';
import { sampleEngine, sampleTasks } from '../../support/sample-work.ts';
import { SmallDisk, smallDiskSkipReason } from '../../support/small-disk.ts';
import { startStandInServer } from '../../support/stand-in-server.ts';
import { waitFor } from '../../support/wait-for.ts';

const why = missingRedis();
const noSmallDisk = smallDiskSkipReason();

describe.skipIf(why !== null)(why ?? 'a run over a queue that cannot go on', () => {
  async function newScene() {
    const rig = await QueueRig.start();
    const server = await startStandInServer({ slots: 2, latencyMs: 20 });
    const run = await rig.host().openRun('waits', { workers: 1 });
    const heard = new Listener(run);
    const tasks = sampleTasks(4, null, 'waits');
    return {
      ...{ rig, run, heard, tasks, server },
      submit: () => run.submit({ batch_id: 0, tasks }, sampleEngine(server.baseUrl, { concurrency: 2 })),
      /** What the run says that it waits for, in order; null: it goes on. */
      waits: () =>
        heard.events.flatMap((event) => (event.type === 'worker-status' ? event.status.message : [])),
      machines: () => heard.events.flatMap((event) => (event.type === 'machine-changed' ? event : [])),
      upkeep: () =>
        new RedisQueueUpkeep({
          settings: rig.settings,
          openStore: async () => new FolderStore(rig.settings.store),
          environment: process.env,
          clock: systemClock,
        }),
      [Symbol.asyncDispose]: async () => {
        await run.stop(0).catch(() => undefined);
        await heard[Symbol.asyncDispose]();
        await run.close();
        await rig[Symbol.asyncDispose]();
        await server.stop();
      },
    };
  }

  it('says that no worker is there and how one is started, and that workers are paused', async () => {
    await using scene = await newScene();
    const { rig, heard, waits } = scene;
    await scene.submit();
    await waitFor(() => waits().length > 0);
    expect(waits()).toEqual(['no worker is connected to the queue; start one with: cosmos worker']);
    const upkeep = scene.upkeep();
    await upkeep.setPaused(true);
    rig.startWorker('one');
    await waitFor(() => waits().at(-1)?.includes('cosmos queue drain --resume') === true);
    await upkeep.setPaused(false);
    await upkeep.close();
    await heard.until(4);
    await waitFor(() => waits().at(-1) === null);
  });

  it.skipIf(noSmallDisk)(
    'says that the store is full, and goes on by itself, asking for nothing twice',
    async () => {
      await using scene = await newScene();
      const { rig, heard, tasks, server, machines } = scene;
      using disk = new SmallDisk(rig.settings.store, 2);
      server.hold(1);
      await scene.submit();
      rig.startWorker('one');
      await heard.until(1);
      disk.fill();
      server.release();
      await waitFor(() => machines().some(({ state }) => state === 'waiting'));
      expect(machines().find(({ state }) => state === 'waiting')).toMatchObject({
        machine: 'one',
        message: expect.stringContaining(`No space left on the disk while writing ${rig.settings.store}`),
      });
      const upkeep = scene.upkeep();
      await waitFor(async () => (await upkeep.facts()).workers[0]?.problem?.includes('No space') === true);
      await upkeep.close();
      disk.free();
      await heard.until(4);
      expect(machines().at(-1)).toMatchObject({ machine: 'one', state: 'working' });
      for (const { prompt } of tasks)
        expect(server.stats.asks.filter(({ text }) => text === prompt)).toHaveLength(1);
    },
  );

  it.skipIf(noSmallDisk)('waits with submitting while the store is full', async () => {
    await using scene = await newScene();
    const { rig, heard, waits } = scene;
    using disk = new SmallDisk(rig.settings.store, 2);
    disk.fill();
    const submitted = scene.submit();
    await waitFor(() => waits().some((reason) => reason?.includes('make room in the store')));
    disk.free();
    await submitted;
    rig.startWorker('one');
    await heard.until(4);
  });

  it('leaves its jobs to others where a worker has another store', async () => {
    await using scene = await newScene();
    const { rig, heard, machines } = scene;
    const store = join(rig.folder, 'not-mounted');
    await mkdir(store);
    await scene.submit();
    rig.startWorker('astray', { settings: { ...rig.settings, store } });
    await waitFor(() => machines().some(({ machine }) => machine === 'astray'));
    expect(machines()[0]).toMatchObject({
      state: 'waiting',
      message: expect.stringContaining('is it mounted'),
    });
    rig.startWorker('one');
    await heard.until(4);
  });
});
