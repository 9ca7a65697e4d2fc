import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { RemoteMachine } from '../../src/adapters/ssh-host/remote-machine.ts';
import { SlotWorker } from '../../src/adapters/ssh-host/slot-worker.ts';
import { WorkerContainers } from '../../src/adapters/ssh-host/worker-containers.ts';
import { systemClock } from '../../src/adapters/system-clock.ts';
import type { HostRun } from '../../src/ports/host.ts';
import { Listener } from '../support/contracts/host-bench.ts';
import { createRemoteBench, type RemoteBench } from '../support/lab/remote-bench.ts';
import { sampleEngine, sampleTasks } from '../support/sample-work.ts';
import { waitFor } from '../support/wait-for.ts';

const lab = inject('lab');
const run = promisify(execFile);

/** What happens to the slots of a host when several runs share them, or when they do not answer. */
describe.skipIf(lab === null)('slots that are shared', () => {
  let bench: RemoteBench;
  const open: HostRun[] = [];
  let number = 0;

  beforeAll(async () => {
    if (lab !== null) bench = await createRemoteBench(lab);
  });
  afterEach(() => bench?.release());
  afterAll(async () => {
    for (const one of open) await one.close();
    await bench?.[Symbol.asyncDispose]();
  });

  const nextRunId = () => `shared-${++number}`;
  const openRun = async (runId: string, workers = 1) => {
    const opened = await bench.createHost().openRun(runId, { workers });
    open.push(opened);
    return opened;
  };
  const docker = async (...args: string[]) =>
    (await run('docker', ['-H', `unix://${lab?.dockerSocket}`, ...args])).stdout;
  const startedAt = async (slotId: number) =>
    (await docker('inspect', '--format', '{{.State.StartedAt}}', bench.container(slotId))).trim();
  const slotLog = async () => {
    const { stdout, stderr } = await run('docker', [
      ...['-H', `unix://${lab?.dockerSocket}`],
      ...['logs', bench.container(0)],
    ]);
    return stdout + stderr;
  };
  /** How many of these prompts were asked for. */
  const asked = (tasks: readonly { prompt: string }[]) =>
    tasks.filter(({ prompt }) => bench.asksFor(prompt) > 0).length;

  const slotWorkerOf = async (machine: RemoteMachine, runId: string) => {
    const containers = await WorkerContainers.on(machine, { uid: 65_532, gid: 65_532 });
    const [container] = await containers.forRun({ workers: 1 });
    if (!container) throw new Error('there is no slot');
    return new SlotWorker({
      ...{ runId, workerId: 0, container, offloadModels: true, hostName: 'gpu1', logPlace: 'its log' },
      slot: await machine.slotApi(0),
      api: await machine.workerApi(runId, 0),
      files: await machine.runFiles(runId),
      clock: systemClock,
    });
  };

  it("a run whose engine is bad ends no other run's work", async () => {
    const [good, bad] = [nextRunId(), nextRunId()];
    const tasks = sampleTasks(120, null, 'undisturbed');
    bench.hold(10);
    const undisturbed = await openRun(good, 2);
    await undisturbed.submit({ batch_id: 0, tasks: tasks.slice(0, 60) }, bench.engine);
    await undisturbed.submit({ batch_id: 1, tasks: tasks.slice(60) }, bench.engine);
    // Its client is gone: nobody would start its workers again.
    await undisturbed.close();
    const before = [await startedAt(0), await startedAt(1)];
    const failing = await openRun(bad, 2);
    await using heard = new Listener(failing);
    const engine = sampleEngine('http://127.0.0.1:9', { model: 'none', retry: { max_outage_ms: 300 } });
    for (const [at, task] of sampleTasks(4, null, 'failing').entries())
      await failing.submit({ batch_id: at, tasks: [task] }, engine);
    await waitFor(() =>
      heard.events.some((event) => event.type === 'worker-status' && event.status.is_fatal),
    );
    const host = bench.createHost();
    expect(await host.lookUp(good)).toMatchObject({ state: 'running' });
    bench.release();
    await waitFor(async () => (await host.lookUp(good)).state === 'finished');
    await host.close();
    await failing.stop(0);
    expect([await startedAt(0), await startedAt(1)]).toEqual(before);
    expect(new Set(tasks.map((task) => bench.asksFor(task.prompt)))).toEqual(new Set([1]));
  });

  it('a worker that has to be dead takes its deaf container with it, which others go on in', async () => {
    const [one, other] = [nextRunId(), nextRunId()];
    const tasks = { one: sampleTasks(40, null, 'killed'), other: sampleTasks(40, null, 'spared') };
    bench.hold(0);
    for (const [runId, work] of [
      [one, tasks.one],
      [other, tasks.other],
    ] as const) {
      const detached = await openRun(runId);
      await detached.submit({ batch_id: 0, tasks: work }, bench.engine);
      await detached.close();
    }
    await waitFor(() => asked(tasks.one) === 2 && asked(tasks.other) === 2);
    bench.hold(4);
    await waitFor(() => asked(tasks.one) === 4 && asked(tasks.other) === 4);
    await docker('pause', bench.container(0));
    const machine = await RemoteMachine.at(bench.parts);
    const worker = await slotWorkerOf(machine, one);
    await worker.kill();
    const stopped = asked(tasks.one);
    bench.release();
    const host = bench.createHost();
    await waitFor(async () => (await host.lookUp(other)).state === 'finished');
    expect(asked(tasks.one)).toBe(stopped);
    expect(await host.lookUp(one)).toMatchObject({ state: 'stopped' });
    expect(await worker.ensureRunning()).toEqual({ isStarted: false });
    await machine.close();
    await host.close();
  });

  it('a run that is stopped while its container is dead is not gone on with when that is started again', async () => {
    const runId = nextRunId();
    const tasks = sampleTasks(30, null, 'dead');
    bench.hold(4);
    const detached = await openRun(runId);
    await detached.submit({ batch_id: 0, tasks }, bench.engine);
    await waitFor(() => asked(tasks) === 6);
    await detached.close();
    await docker('kill', bench.container(0));
    const host = bench.createHost();
    await host.stopRun(runId, { workers: 1 });
    bench.release();
    await docker('start', bench.container(0));
    const refusal = `${runId} is not opened again: it was stopped`;
    await waitFor(async () => (await slotLog()).includes(refusal));
    expect(asked(tasks)).toBe(6);
    expect(await host.lookUp(runId)).toMatchObject({ state: 'stopped' });
    await host.close();
    await using heard = new Listener(await openRun(runId));
    await heard.until(30);
  });

  it('stopping a run that does not answer is no success, and it counts as running', async () => {
    const runId = nextRunId();
    const tasks = sampleTasks(30, null, 'deaf');
    bench.hold(4);
    const detached = await openRun(runId);
    await detached.submit({ batch_id: 0, tasks }, bench.engine);
    await waitFor(() => asked(tasks) === 6);
    await detached.close();
    const host = bench.createHost();
    await docker('pause', bench.container(0));
    try {
      const [facts, stopping] = await Promise.all([
        host.lookUp(runId),
        host.stopRun(runId, { workers: 1 }).then(
          () => null,
          (error: unknown) => error,
        ),
      ]);
      expect(facts).toMatchObject({ state: 'running' });
      expect(stopping).toMatchObject({
        code: 'worker-failed',
        message: expect.stringMatching(`gpu1: .*${bench.container(0)}.* does not answer`),
      });
    } finally {
      await docker('unpause', bench.container(0));
    }
    await host.stopRun(runId, { workers: 1 });
    expect(await host.lookUp(runId)).toMatchObject({ state: 'stopped' });
    await host.close();
  });

  it('a slot that somebody listens in is not taken for another image', async () => {
    const runId = nextRunId();
    const first = await openRun(runId);
    const heard = new Listener(first);
    await heard.startOf(0);
    const other = 'cosmos-shared-slot:other';
    await docker('commit', '--change', 'LABEL cosmos.test=other', bench.container(0), other);
    const host = bench.createHost({ image: other });
    const before = await startedAt(0);
    await expect(host.openRun(nextRunId(), { workers: 1 })).rejects.toMatchObject({
      code: 'host-busy',
      message: expect.stringMatching(new RegExp(`gpu1: .*${bench.container(0)}.*${runId}`)),
    });
    expect(await startedAt(0)).toBe(before);
    // Once nobody listens any more it is idle, and is replaced.
    await heard[Symbol.asyncDispose]();
    await waitFor(async () => {
      const opened = await host.openRun('shared-other', { workers: 1 }).catch(() => null);
      if (opened) open.push(opened);
      return opened !== null;
    });
    // The first one comes back, finds another's container, and leaves that alone as long as it is watched.
    await using second = new Listener(open.at(-1) as HostRun);
    await second.startOf(0);
    await using third = new Listener(first);
    await expect(third.until(1)).rejects.toMatchObject({ code: 'host-busy' });
    await host.close();
    await docker('rmi', '-f', other);
  });
});
