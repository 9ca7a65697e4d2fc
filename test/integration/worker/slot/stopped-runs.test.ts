import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LocalFileStore } from '../../../../src/adapters/files/local-file-store.ts';
import { markStopped } from '../../../../src/adapters/host-run/run-workers.ts';
import { layout } from '../../../../src/protocol/layout.ts';
import { openSocket } from '../../../support/call-socket.ts';
import { sampleEngine, sampleTasks } from '../../../support/sample-work.ts';
import { type StandIn, startStandInServer } from '../../../support/stand-in-server.ts';
import { waitFor } from '../../../support/wait-for.ts';
import { exitOf, WorkerRig } from '../../../support/worker-rig.ts';
import { SlotRig } from './slot-rig.ts';

let rig: SlotRig;
let standIn: StandIn;

beforeEach(async () => {
  rig = new SlotRig();
  standIn = await startStandInServer({ latencyMs: 20 });
});

afterEach(async () => {
  await rig.close();
  await standIn.stop();
});

const markPath = (runId: string) => join(rig.root, layout.run(runId), layout.stopMark(0));
const mark = (root: string, runId: string) =>
  markStopped(new LocalFileStore(join(root, layout.run(runId))), 0);
const openRuns = async () => (await rig.status()).runs.map((run) => run.run_id).sort();

describe('a run that was stopped while its slot was dead', () => {
  it('is not gone on with by the next process, others are', async () => {
    const tasks = { 'run-1': sampleTasks(30, null, 'first'), 'run-2': sampleTasks(30, null, 'second') };
    const child = await rig.start();
    standIn.hold();
    for (const run of ['run-1', 'run-2'] as const) {
      await rig.open(run);
      await rig.submit(run, 0, sampleEngine(standIn.baseUrl), tasks[run]);
    }
    await waitFor(() => standIn.stats.requests === 8);
    child.kill('SIGKILL');
    await exitOf(child);
    await mark(rig.root, 'run-1');
    const stopped = rig.results('run-1', tasks['run-1']).length;
    standIn.release();
    await rig.start();
    await rig.allResults('run-2', tasks['run-2']);
    expect(rig.results('run-1', tasks['run-1']).length).toBe(stopped);
    expect(await openRuns()).toEqual(['run-2']);
    expect(rig.remembered()).toEqual(['run-2']);
    expect(rig.log).toContain('run-1 is not opened again: it was stopped');
  });

  it('goes on when it is opened, and from then on by itself again', async () => {
    const tasks = sampleTasks(40);
    standIn.hold(3);
    rig.writeManifest('run-1', 0, sampleEngine(standIn.baseUrl), tasks);
    await mark(rig.root, 'run-1');
    const child = await rig.start();
    expect((await rig.open('run-1')).document.is_adopted).toBe(false);
    expect(existsSync(markPath('run-1'))).toBe(false);
    await waitFor(() => rig.results('run-1', tasks).length === 3);
    child.kill('SIGKILL');
    await exitOf(child);
    standIn.release();
    await rig.start();
    await rig.allResults('run-1', tasks);
  });

  it('is opened by whoever adopts its worker, too', async () => {
    rig.writeManifest('run-1', 0, sampleEngine(standIn.baseUrl), []);
    await rig.start();
    await rig.open('run-1');
    await mark(rig.root, 'run-1');
    expect((await rig.open('run-1')).document.is_adopted).toBe(true);
    expect(existsSync(markPath('run-1'))).toBe(false);
  });

  it('needs no mark when nothing was submitted', async () => {
    await mark(rig.root, 'run-1');
    expect(existsSync(join(rig.root, layout.run('run-1')))).toBe(false);
  });
});

it('a worker that was stopped before it began does not begin', async () => {
  const worker = new WorkerRig();
  try {
    const tasks = sampleTasks(3);
    worker.writeManifest(0, sampleEngine(standIn.baseUrl), [tasks]);
    await mark(worker.root, 'run-1');
    expect(await exitOf(worker.spawn())).toBe(0);
    expect(standIn.stats.requests).toBe(0);
  } finally {
    await worker.close();
  }
});

describe('a manifest that nobody told of', () => {
  it('is done before the worker is idle for too long', async () => {
    const [tasks, later] = [sampleTasks(3), sampleTasks(3, null, 'later')];
    const engine = sampleEngine(standIn.baseUrl);
    // It is not idle before the other one is there.
    standIn.hold();
    rig.writeManifest('run-1', 0, engine, tasks);
    rig.remember('run-1');
    rig.spawn(['--idle-timeout-ms', '1500']);
    await waitFor(() => standIn.stats.requests === 3);
    rig.writeManifest('run-1', 1, engine, later);
    standIn.release();
    await rig.allResults('run-1', [...tasks, ...later]);
    expect(standIn.stats.requests).toBe(6);
  });

  it('is done by and by also by one that somebody reads from', async () => {
    await rig.start();
    await rig.open('run-1');
    const stream = await openSocket(
      join(rig.root, layout.run('run-1'), layout.workerSocket(0)),
      'GET',
      '/events',
    );
    stream.resume();
    const tasks = sampleTasks(2);
    rig.writeManifest('run-1', 0, sampleEngine(standIn.baseUrl), tasks);
    await waitFor(() => rig.results('run-1', tasks).length === 2);
    stream.destroy();
  });

  it('that is damaged is told once, and keeps nobody from ending', async () => {
    standIn.hold();
    rig.writeManifest('run-1', 0, sampleEngine(standIn.baseUrl), sampleTasks(1));
    rig.remember('run-1');
    const child = rig.spawn(['--idle-timeout-ms', '1200']);
    await waitFor(() => standIn.stats.requests === 1);
    writeFileSync(join(rig.root, layout.run('run-1'), layout.manifest(0, 3)), '{"version":1');
    standIn.release();
    expect(await exitOf(child)).toBe(0);
    expect(rig.log.split(layout.manifest(0, 3)).length - 1).toBe(1);
  });
});

it('a slot tells which runs are watched', async () => {
  await rig.start();
  await rig.open('run-1');
  await rig.open('run-2');
  const stream = await openSocket(
    join(rig.root, layout.run('run-1'), layout.workerSocket(0)),
    'GET',
    '/events',
  );
  stream.resume();
  const watched = async () =>
    (await rig.status()).runs.filter((run) => run.is_watched).map((run) => run.run_id);
  await waitFor(async () => (await watched()).join() === 'run-1');
  stream.destroy();
  await waitFor(async () => (await watched()).length === 0);
});
