import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { queueStatusSchema } from '../../../scripts/docs/schemas/queue-documents.ts';
import { RedisQueueUpkeep } from '../../../src/adapters/queue-host/redis-queue-upkeep.ts';
import { FolderStore } from '../../../src/adapters/store/folder-store.ts';
import { systemClock } from '../../../src/adapters/system-clock.ts';
import { formatQueue } from '../../../src/output/text/queue-text.ts';
import { createStyle } from '../../../src/output/text/style.ts';
import { Listener } from '../../support/contracts/host-bench.ts';
import { missingRedis } from '../../support/lab/redis.ts';
import { QueueRig } from '../../support/queue-rig.ts';
import { sampleEngine, sampleTask, sampleTasks } from '../../support/sample-work.ts';
import { startStandInServer } from '../../support/stand-in-server.ts';
import { waitFor } from '../../support/wait-for.ts';

const why = missingRedis();

describe.skipIf(why !== null)(why ?? 'upkeep of a queue', () => {
  const upkeepOf = ({ settings }: QueueRig) =>
    new RedisQueueUpkeep({
      ...{ settings, environment: process.env, clock: systemClock },
      openStore: async () => new FolderStore(settings.store),
    });

  it('shows runs and workers, has workers take nothing for a while, and removes what no run needs', async () => {
    await using rig = await QueueRig.start();
    const server = await startStandInServer({ slots: 2, latencyMs: 10 });
    const upkeep = upkeepOf(rig);
    const run = await rig.host().openRun('shown', { workers: 1 });
    await using heard = new Listener(run);
    const path = join(rig.folder, 'input');
    await writeFile(path, 'an input');
    const sha256 = createHash('sha256').update('an input').digest('hex');
    await run.deliver([{ sha256, path, sizeBytes: 8 }]);
    await upkeep.setPaused(true);
    await run.submit({ batch_id: 0, tasks: sampleTasks(2, null, 'shown') }, sampleEngine(server.baseUrl));
    rig.startWorker('one');
    await waitFor(async () => (await upkeep.facts()).workers.length === 1);
    const facts = await upkeep.facts();
    const waiting = { run_id: 'shown', waiting: 1, active: 0, failed: 0, finished_tasks: 0, total_tasks: 2 };
    expect(facts).toMatchObject({ is_paused: true, runs: [waiting], workers: [{ name: 'one', slots: 1 }] });
    expect(queueStatusSchema.parse(facts)).toEqual(facts);
    const text = formatQueue(facts, createStyle(false), {
      nowMs: Date.now(),
      workerCommand: 'cosmos worker',
    });
    expect(text).toContain('drained: workers take no jobs');
    expect(text).toMatch(/one +1 slot +upsample, upscale, inference +idle +seen/);
    expect(text).toMatch(/shown +1 waiting +0 active +0 failed +0 of 2 done/);
    expect(await upkeep.findUnneeded(0)).toMatchObject([{ kind: 'object', name: sha256 }]);
    await upkeep.setPaused(false);
    await heard.until(2);
    await run.close();
    const unneeded = async () => (await upkeep.findUnneeded(0)).map(({ kind, name }) => `${kind} ${name}`);
    await waitFor(async () => (await unneeded()).includes('run shown'));
    expect(await upkeep.findUnneeded(3_600_000)).toEqual([]);
    await upkeep.remove(await upkeep.findUnneeded(0));
    expect(await unneeded()).toEqual([]);
    await upkeep.close();
    await server.stop();
  });

  it('has failed jobs done again', async () => {
    await using rig = await QueueRig.start();
    const upkeep = upkeepOf(rig);
    const host = rig.host();
    const run = await host.openRun('failed', { workers: 1 });
    const hint = { sha256: '6'.repeat(64), width: 64, height: 36, frames: 2 };
    await run.submit({ batch_id: 0, tasks: [sampleTask('of a lost clip', hint)] }, sampleEngine(null));
    await run.close();
    rig.startWorker('one');
    await waitFor(async () => (await upkeep.facts()).runs[0]?.failed === 1);
    await rig.stopWorker('one');
    expect(await upkeep.retry('another-run')).toBe(0);
    expect(await upkeep.retry('failed')).toBe(1);
    expect((await upkeep.facts()).runs).toMatchObject([{ waiting: 1, failed: 0, finished_tasks: 0 }]);
    await upkeep.close();
  });

  it('is checked for doctor: what is missing has a fix', async () => {
    const rig = await QueueRig.start();
    const upkeep = upkeepOf(rig);
    expect(await upkeep.check()).toMatchObject([
      { name: 'queue: redis', status: 'warning', fix: expect.stringContaining('appendonly yes') },
      { name: 'queue: store', status: 'ok' },
      { name: 'queue: workers', status: 'warning', fix: expect.stringContaining('cosmos worker') },
    ]);
    await upkeep.close();
    await rig.redis.stop();
    const away = upkeepOf(rig);
    const checks = await away.check();
    expect(checks[0]).toMatchObject({
      status: 'failed',
      detail: expect.stringContaining('cannot be reached'),
    });
    await away.close();
    await rig[Symbol.asyncDispose]();
  });
});
