import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { layout } from '../../../../src/protocol/layout.ts';
import { sampleEngine, sampleTasks } from '../../../support/sample-work.ts';
import { SmallDisk, smallDiskSkipReason } from '../../../support/small-disk.ts';
import { startStandInServer } from '../../../support/stand-in-server.ts';
import { waitFor } from '../../../support/wait-for.ts';
import { exitOf } from '../../../support/worker-rig.ts';
import { bundleOf, randomObjects, SlotRig } from './slot-rig.ts';

describe.skipIf(smallDiskSkipReason() !== null)('a slot on a full disk', () => {
  let mountPoint: string;
  let disk: SmallDisk;
  let rig: SlotRig;

  beforeEach(async () => {
    mountPoint = mkdtempSync(join(tmpdir(), 'cs-'));
    disk = new SmallDisk(mountPoint, 16);
    rig = new SlotRig(join(mountPoint, 'root'));
  });

  afterEach(async () => {
    await rig.close();
    disk[Symbol.dispose]();
    rmSync(mountPoint, { recursive: true });
  });

  it('says so for a bundle, keeps nothing half-written, and takes it when there is room', async () => {
    await rig.start();
    const objects = randomObjects(300, 20_000);
    const whole = bundleOf(objects);
    const path = rig.upload('a', whole);
    disk.fill();
    const answer = await rig.post('/accept_bundle', { path });
    expect([answer.status, answer.code]).toEqual([507, 'disk-full']);
    const published = readdirSync(join(rig.root, layout.objects));
    expect(published.filter((name) => name.length !== 64)).toEqual([]);
    disk.free();
    expect((await rig.post('/accept_bundle', { path })).status).toBe(200);
    const hashes = objects.map(({ sha256 }) => sha256);
    expect((await rig.post('/missing_objects', { sha256s: hashes })).document).toEqual({ missing: [] });
  });

  it('opens no run that it could not remember', async () => {
    await rig.start();
    disk.fill();
    const answer = await rig.open('run-1');
    expect([answer.status, answer.code]).toEqual([507, 'disk-full']);
    expect((await rig.status()).runs).toEqual([]);
    disk.free();
    expect((await rig.open('run-1')).status).toBe(200);
  });

  it('goes on with the work when there is room again, and ends well', async () => {
    const standIn = await startStandInServer({ latencyMs: 5 });
    const child = await rig.start();
    const tasks = sampleTasks(60);
    standIn.hold(5);
    await rig.open('run-1');
    await rig.submit('run-1', 0, sampleEngine(standIn.baseUrl), tasks);
    await waitFor(() => rig.results('run-1', tasks).length === 5);
    disk.fill();
    standIn.release();
    await waitFor(async () => (await rig.status()).runs[0]?.status.message?.includes('No space') ?? false);
    disk.free();
    expect((await rig.allResults('run-1', tasks)).length).toBe(60);
    expect(standIn.stats.requests).toBe(60);
    child.kill('SIGTERM');
    expect(await exitOf(child)).toBe(0);
    await standIn.stop();
  });
});
