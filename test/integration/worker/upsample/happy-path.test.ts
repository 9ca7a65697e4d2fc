import { rm, stat } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sampleEngine, sampleTask, sampleTasks } from '../../../support/sample-work.ts';
import { type StandIn, startStandInServer } from '../../../support/stand-in-server.ts';
import { waitFor } from '../../../support/wait-for.ts';
import { WorkerRig } from '../../../support/worker-rig.ts';

let rig: WorkerRig;
let standIn: StandIn;

beforeEach(async () => {
  rig = new WorkerRig();
  standIn = await startStandInServer({ latencyMs: 30 });
});

afterEach(async () => {
  await rig.close();
  await standIn.stop();
});

describe('a worker with a server', () => {
  it('asks with the frames first and then the text, and publishes what came back', async () => {
    const task = sampleTask('A robot arm lifts a box', rig.addHint());
    const engine = sampleEngine(standIn.baseUrl, { instruction: 'Enrich this.' });
    await rig.start();
    const answer = await rig.submit(rig.writeManifest(0, engine, [[task]]));
    expect(answer.status).toBe(202);
    const [result] = await rig.results([task]);
    expect(result).toMatchObject({
      status: 'ok',
      frames_used: 2,
      model: 'stand-in',
      attempts: 1,
      error: null,
    });
    expect(result?.text?.split(' ').length).toBeGreaterThanOrEqual(60);
    // Two frames of 64x36 are 2 * (4 + 1) * 3 tokens, the text has its length / 4, and there are 3 more.
    const text = 'Enrich this.\n\nA robot arm lifts a box';
    expect(result?.usage.prompt_tokens).toBe(30 + Math.ceil(text.length / 4) + 3);
    expect(standIn.stats.asks).toMatchObject([
      { shape: 'image image text', text, seed: null, maxTokens: 300 },
    ]);
  });

  it('keeps exactly `concurrency` requests in flight across batches and manifests, on as many connections', async () => {
    const tasks = sampleTasks(48, rig.addHint());
    const engine = sampleEngine(standIn.baseUrl, { concurrency: 4 });
    const parts = [0, 1, 2, 3].map((at) => tasks.slice(at * 12, at * 12 + 12));
    for (const [at, part] of parts.entries()) {
      rig.writeManifest(at, engine, [part.slice(0, 5), part.slice(5)]);
    }
    standIn.hold();
    await rig.start();
    await waitFor(() => standIn.stats.inFlight === 4);
    standIn.release();
    await rig.results(tasks);
    const { maxInFlight, requests, connections } = standIn.stats;
    // One more connection asks for the models, and may be one of the four.
    expect({ maxInFlight, requests }).toEqual({ maxInFlight: 4, requests: 48 });
    expect(connections).toBeLessThanOrEqual(5);
    const arrivals = standIn.stats.asks.map((ask) =>
      tasks.findIndex((task) => ask.text.endsWith(task.prompt)),
    );
    // In order up to what four slots and four tasks in waiting may swap.
    for (const [at, index] of arrivals.entries()) expect(Math.abs(at - index)).toBeLessThanOrEqual(8);
    await waitFor(async () => (await rig.status()).status === 'idle');
    expect(await rig.status()).toMatchObject({
      completed_tasks: 48,
      failed_tasks: 0,
      total_batches: 8,
      completed_batches: 8,
      progress_percent: 100,
      is_fatal: false,
    });
  });

  it('does nothing for a manifest it knows, and does again what lost its result', async () => {
    const tasks = sampleTasks(6);
    const path = rig.writeManifest(0, sampleEngine(standIn.baseUrl), [tasks, tasks.slice(0, 2)]);
    await rig.start();
    await Promise.all([rig.submit(path), rig.submit(path)]);
    await rig.results(tasks);
    expect(JSON.parse((await rig.submit(path)).body)).toEqual({ accepted: true, queued_tasks: 0 });
    expect(standIn.stats.requests).toBe(6);
    const [first] = tasks;
    if (!first) throw new Error('no task');
    await rm(rig.resultPath(first.task_key));
    expect(JSON.parse((await rig.submit(path)).body)).toEqual({ accepted: true, queued_tasks: 1 });
    await rig.results(tasks);
    expect(standIn.stats.requests).toBe(7);
    await waitFor(async () => (await rig.status()).completed_tasks === 6);
  });

  it('opens its socket to nobody else', async () => {
    await rig.start();
    expect((await stat(rig.socketPath)).mode & 0o777).toBe(0o600);
  });

  it('uses the newest engine settings for tasks that have not begun', async () => {
    const other = await startStandInServer({ models: ['other'] });
    const [first, second] = [sampleTasks(3), sampleTasks(3, null, 'later task')];
    try {
      await rig.start();
      await rig.submit(rig.writeManifest(0, sampleEngine(standIn.baseUrl), [first]));
      await rig.results(first);
      await rig.submit(rig.writeManifest(1, sampleEngine(other.baseUrl, { model: 'other' }), [second]));
      const results = await rig.results(second);
      expect(results.map((result) => result.model)).toEqual(['other', 'other', 'other']);
      expect(standIn.stats.requests).toBe(3);
    } finally {
      await other.stop();
    }
  });
});
