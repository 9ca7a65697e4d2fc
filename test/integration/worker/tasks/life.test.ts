import { existsSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSocket } from '../../../support/call-socket.ts';
import { EventReader } from '../../../support/event-reader.ts';
import { sampleEngine, sampleTasks } from '../../../support/sample-work.ts';
import { type StandIn, startStandInServer } from '../../../support/stand-in-server.ts';
import { waitFor } from '../../../support/wait-for.ts';
import { exitOf, WorkerRig } from '../../../support/worker-rig.ts';

let rig: WorkerRig;
let standIn: StandIn;

beforeEach(async () => {
  rig = new WorkerRig();
  standIn = await startStandInServer({ latencyMs: 20 });
});

afterEach(async () => {
  await rig.close();
  await standIn.stop();
});

function finished(tasks: ReturnType<typeof sampleTasks>): number {
  return tasks.filter((task) => rig.result(task.task_key) !== null).length;
}

describe('a killed worker', () => {
  it('is followed by one that does the rest and nothing twice', async () => {
    const tasks = sampleTasks(60);
    rig.writeManifest(0, sampleEngine(standIn.baseUrl), [tasks.slice(0, 25), tasks.slice(25)]);
    const askedAgain: string[] = [];
    for (const enough of [10, 30, 45, 60]) {
      const known = tasks.filter((task) => rig.result(task.task_key) !== null).map((task) => task.prompt);
      const asksBefore = standIn.stats.asks.length;
      const child = await rig.start();
      await waitFor(() => finished(tasks) >= enough);
      child.kill('SIGKILL');
      await exitOf(child);
      const asked = standIn.stats.asks.slice(asksBefore).map((ask) => ask.text);
      askedAgain.push(...asked.filter((text) => known.includes(text)));
    }
    expect(askedAgain).toEqual([]);
    // What was in flight or just being written at a kill is asked for again: two times four at most.
    expect(standIn.stats.requests - tasks.length).toBeLessThanOrEqual(24);
    await rig.start();
    const results = await rig.results(tasks);
    expect(results.map((result) => result.status)).toEqual(tasks.map(() => 'ok'));
    await waitFor(async () => (await rig.status()).completed_tasks === 60);
  });

  it('leaves texts that the next one still knows: the same one for another input is a failure', async () => {
    standIn.setFault({
      fault: { kind: 'answer', text: 'The very same words for every single scene there is.' },
    });
    const [first, second] = [sampleTasks(1), sampleTasks(1, null, 'other task')];
    const engine = sampleEngine(standIn.baseUrl, { retry: { max_attempts: 2 } });
    const path = rig.writeManifest(0, engine, [first]);
    const child = await rig.start();
    await rig.submit(path);
    await rig.results(first);
    child.kill('SIGKILL');
    await exitOf(child);
    rig.writeManifest(1, engine, [second]);
    await rig.start();
    const [result] = await rig.results(second);
    expect(result).toMatchObject({ status: 'failed', attempts: 2, error: { code: 'output-repeated' } });
    expect(result?.error?.message).toContain(first[0]?.task_key);
  });
});

describe('a shutdown', () => {
  it('lets requests in flight end, begins no other, and leaves a clean folder', async () => {
    const tasks = sampleTasks(40);
    const child = await rig.start();
    standIn.hold(8);
    await rig.submit(rig.writeManifest(0, sampleEngine(standIn.baseUrl), [tasks]));
    await waitFor(() => finished(tasks) === 8 && standIn.stats.requests === 12);
    const answer = await rig.post('/shutdown', { drain_ms: 60_000 });
    standIn.release();
    expect([answer.status, await exitOf(child)]).toEqual([202, 0]);
    expect([standIn.stats.requests, standIn.stats.answered, finished(tasks)]).toEqual([12, 12, 12]);
    expect(rig.statusFile()).toMatchObject({ status: 'stopped', completed_tasks: finished(tasks) });
    expect(existsSync(rig.socketPath)).toBe(false);
  });

  it('aborts what does not end in time, and that gets no result', async () => {
    standIn.setFault({ fault: { kind: 'hang' }, textIncludes: 'number 1 ' });
    const tasks = sampleTasks(3);
    const child = await rig.start();
    await rig.submit(rig.writeManifest(0, sampleEngine(standIn.baseUrl), [tasks]));
    await waitFor(() => finished(tasks) === 2);
    await rig.post('/shutdown', { drain_ms: 50 });
    expect(await exitOf(child)).toBe(0);
    expect(tasks.map((task) => rig.result(task.task_key)?.status)).toEqual(['ok', undefined, 'ok']);
    standIn.setFault(null);
    await rig.start();
    expect((await rig.results(tasks)).length).toBe(3);
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('%s is one, too', async (signal) => {
    const tasks = sampleTasks(40);
    const child = await rig.start();
    standIn.hold(4);
    await rig.submit(rig.writeManifest(0, sampleEngine(standIn.baseUrl), [tasks]));
    await waitFor(() => finished(tasks) === 4);
    child.kill(signal);
    await waitFor(() => rig.log.includes('stopping'));
    standIn.release();
    expect(await exitOf(child)).toBe(0);
    expect(rig.statusFile().status).toBe('stopped');
    expect(finished(tasks)).toBe(standIn.stats.answered);
  });

  it('refuses work that comes after it', async () => {
    standIn.setFault({ fault: { kind: 'hang' } });
    const path = rig.writeManifest(0, sampleEngine(standIn.baseUrl), [sampleTasks(1)]);
    const child = await rig.start();
    await waitFor(() => standIn.stats.requests === 1);
    await rig.post('/shutdown', { drain_ms: 60_000 });
    await waitFor(() => rig.log.includes('stopping'));
    expect((await rig.submit(path)).status).toBe(503);
    await rig.post('/shutdown', {});
    expect(await exitOf(child)).toBe(0);
  });
});

describe('an idle worker', () => {
  it('ends by itself', async () => {
    const tasks = sampleTasks(3);
    rig.writeManifest(0, sampleEngine(standIn.baseUrl), [tasks]);
    expect(await exitOf(rig.spawn({}, ['--idle-timeout-ms', '300']))).toBe(0);
    expect(rig.statusFile()).toMatchObject({ status: 'stopped', completed_tasks: 3 });
  });

  it('stays as long as somebody reads its events', async () => {
    // It has something to do until somebody reads.
    standIn.hold();
    rig.writeManifest(0, sampleEngine(standIn.baseUrl), [sampleTasks(1)]);
    const child = await rig.start({}, ['--idle-timeout-ms', '200']);
    const stream = await openSocket(rig.socketPath, 'GET', '/events');
    const reader = new EventReader(stream);
    standIn.release();
    await reader.idleFor(800);
    expect(child.exitCode).toBeNull();
    stream.destroy();
    expect(await exitOf(child)).toBe(0);
  });
});

describe('the command line', () => {
  it.each([
    { rule: 'a number that is none', flags: ['--worker', 'x'], says: '--worker takes a whole number' },
    { rule: 'a run id that is a path', flags: ['--run', '../x'], says: 'is not a run id' },
    { rule: 'an unknown flag', flags: ['--frames', '2'], says: '--frames' },
    {
      rule: 'a socket path no system takes',
      flags: ['--socket', `/tmp/${'x'.repeat(120)}`],
      says: '--socket',
    },
  ])('refuses $rule', async ({ flags, says }) => {
    const child = rig.spawn({}, flags);
    expect(await exitOf(child)).toBe(2);
    await waitFor(() => rig.log.includes(says));
  });
});
