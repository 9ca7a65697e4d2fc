import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { HostRun } from '../../../src/ports/host.ts';
import type { ManifestHint, ManifestTask } from '../../../src/protocol/manifest.ts';
import { sampleTask, sampleTasks } from '../sample-work.ts';
import { waitFor } from '../wait-for.ts';
import { type HostBench, Listener } from './host-bench.ts';

/**
 * What every host must do, whatever it is made of.
 *
 * @param hintPath - A clip of 64x36 with two frames.
 */
export function describeHost(
  name: string,
  setUp: () => Promise<HostBench>,
  hintPath: () => Promise<string>,
): void {
  describe(`${name} as a host`, () => {
    let bench: HostBench;
    let runId = '';
    let nextRun = 0;
    const open: HostRun[] = [];

    beforeAll(async () => {
      bench = await setUp();
    });
    afterAll(async () => await bench[Symbol.asyncDispose]());
    afterEach(async () => {
      bench.release();
      for (const run of open.splice(0)) {
        await run.stop(0);
        await run.close();
      }
      nextRun++;
    });

    async function openRun(workers = 1): Promise<HostRun> {
      runId = `contract-${nextRun}`;
      const run = await bench.createHost().openRun(runId, { workers });
      open.push(run);
      return run;
    }

    async function submit(run: HostRun, tasks: readonly ManifestTask[], batchId = 0): Promise<number | null> {
      return (await run.submit({ batch_id: batchId, tasks: [...tasks] }, bench.engine)).workerId;
    }

    it('does what is submitted, tells each result, and keeps it', async () => {
      const tasks = sampleTasks(6, null, 'plain');
      const run = await openRun();
      await using heard = new Listener(run);
      await submit(run, tasks);
      await heard.until(6);
      expect([...(await run.finishedKeys())].sort()).toEqual(keysOf(tasks).sort());
      for (const key of keysOf(tasks)) {
        expect(heard.results.get(key)).toMatchObject({ status: 'ok', task_key: key, frames_used: 0 });
        expect(await run.result(key)).toEqual(heard.results.get(key));
      }
    });

    it('knows nothing of what was never submitted', async () => {
      const run = await openRun();
      expect(await run.finishedKeys()).toEqual(new Set());
      expect(await run.result('0'.repeat(64))).toBeNull();
    });

    it('takes files once, under their hash, and gives them to the engine', async () => {
      const hint = await hintOf(await hintPath());
      const run = await openRun();
      const other = '1'.repeat(64);
      const object = { sha256: hint.sha256, path: await hintPath(), sizeBytes: 1 };
      expect(await run.missingObjects([hint.sha256, other])).toEqual(new Set([hint.sha256, other]));
      await Promise.all([run.deliver([object]), run.deliver([object])]);
      await run.deliver([object]);
      expect(await run.missingObjects([hint.sha256, other])).toEqual(new Set([other]));
      await using heard = new Listener(run);
      await submit(run, [sampleTask('A lighthouse in a storm', hint)]);
      await heard.until(1);
      expect([...heard.results.values()][0]).toMatchObject({ status: 'ok', frames_used: 2 });
    });

    it('does not do again what is submitted again', async () => {
      const tasks = sampleTasks(4, null, 'repeated');
      const run = await openRun();
      await using heard = new Listener(run);
      await submit(run, tasks);
      await submit(run, tasks, 1);
      await heard.until(4);
      await submit(run, tasks, 2);
      await submit(run, sampleTasks(5, null, 'repeated'), 3);
      await heard.until(5);
      for (const task of tasks) expect(bench.asksFor(task.prompt)).toBe(1);
    });

    it('starts a killed worker again, which finishes the rest and nothing twice', async () => {
      const tasks = sampleTasks(12, null, 'killed');
      bench.hold(3);
      const run = await openRun();
      await using heard = new Listener(run);
      await submit(run, tasks);
      await heard.until(3);
      await bench.killWorker(runId, 0);
      const published = await run.finishedKeys();
      const asks = new Map(tasks.map((task) => [task.task_key, bench.asksFor(task.prompt)]));
      bench.release();
      await heard.until(12);
      expect(published.size).toBe(3);
      for (const task of tasks) {
        if (published.has(task.task_key)) expect(bench.asksFor(task.prompt)).toBe(asks.get(task.task_key));
      }
    });

    it('tells results that appeared while nobody listened', async () => {
      const tasks = sampleTasks(4, null, 'unheard');
      const run = await openRun();
      await submit(run, tasks);
      await waitFor(async () =>
        (await Promise.all(keysOf(tasks).map((key) => run.result(key)))).every((r) => r),
      );
      await using heard = new Listener(run);
      await heard.until(4);
      expect([...heard.results.keys()].sort()).toEqual(keysOf(tasks).sort());
    });

    it('goes on when whoever handed the work over is gone', async () => {
      const tasks = sampleTasks(6, null, 'left');
      const run = await openRun();
      await submit(run, tasks);
      await run.close();
      open.pop();
      const host = bench.createHost();
      await waitFor(async () => (await host.lookUp(runId)).state === 'finished');
      expect(await host.lookUp(runId)).toEqual({ state: 'finished', finishedTasks: 6, totalTasks: 6 });
      expect(await (await openRun()).finishedKeys()).toEqual(new Set(keysOf(tasks)));
    });

    it('tells what it knows of a run without touching it', async () => {
      const host = bench.createHost();
      expect(await host.lookUp('never-heard-of')).toMatchObject({ state: 'unknown' });
      const tasks = sampleTasks(8, null, 'looked at');
      bench.hold(1);
      const run = await openRun();
      await submit(run, tasks);
      await waitFor(async () => (await host.lookUp(runId)).finishedTasks > 0);
      // A host of several machines may be about to give them their tasks.
      await waitFor(async () => (await host.lookUp(runId)).totalTasks === 8);
      expect(await host.lookUp(runId)).toMatchObject({ state: 'running', totalTasks: 8 });
      await run.stop(0);
      expect(await host.lookUp(runId)).toMatchObject({ state: 'stopped', totalTasks: 8 });
    });

    it("shows a worker's log, part by part", async () => {
      const host = bench.createHost();
      const run = await openRun();
      await submit(run, sampleTasks(1, null, 'logged'));
      const log = { kind: 'worker', workerId: 0 } as const;
      // Where the worker is far, its log may come later than its start.
      await waitFor(async () => (await host.readLog(runId, log, 0)) !== null);
      const first = await host.readLog(runId, log, 0);
      expect(first?.text).toContain(runId);
      const rest = await host.readLog(runId, { kind: 'worker', workerId: 0 }, first?.nextByte ?? 0);
      expect(rest?.nextByte).toBeGreaterThanOrEqual(first?.nextByte ?? 0);
      expect(await host.readLog(runId, { kind: 'worker', workerId: 7 }, 0)).toBeNull();
    });

    it('gives the work of a worker that cannot be kept alive to the others', async () => {
      const tasks = sampleTasks(12, null, 'taken over');
      const run = await openRun(2);
      await using heard = new Listener(run);
      await submit(run, tasks.slice(0, 6));
      await submit(run, tasks.slice(6), 1);
      const ruined = await bench.ruinWorker(runId, 1);
      await heard.until(12);
      expect((await run.finishedKeys()).size).toBe(12);
      // Only what the ruined worker had begun was asked for again.
      const repeated = tasks.filter((task) => bench.asksFor(task.prompt) > 1);
      expect(repeated.length).toBeLessThanOrEqual(6);
      for (const task of tasks) expect(bench.asksFor(task.prompt)).toBeLessThanOrEqual(2);
      await ruined.mend();
      // Resumed, with the worker back: what was taken over is not done again. Both workers have done all that they
      // were given before when they have done what comes after it.
      const asks = tasks.map((task) => bench.asksFor(task.prompt));
      const again = await openRun(2);
      await using heardAgain = new Listener(again);
      await submit(again, tasks, 2);
      const more = sampleTasks(8, null, 'after it');
      const workers = [await submit(again, more.slice(0, 4), 3), await submit(again, more.slice(4), 4)];
      // A host of several machines decides later.
      if (!workers.includes(null)) expect(workers.sort()).toEqual([0, 1]);
      await waitFor(() => keysOf(more).every((key) => heardAgain.results.has(key)));
      expect(tasks.map((task) => bench.asksFor(task.prompt))).toEqual(asks);
    });

    it('does forgotten work again, and only that', async () => {
      const tasks = sampleTasks(3, null, 'forgotten');
      const [first = '', ...others] = keysOf(tasks);
      const run = await openRun();
      await using heard = new Listener(run);
      await submit(run, tasks);
      await heard.until(3);
      await run.forget([first, 'f'.repeat(64)]);
      expect(await run.result(first)).toBeNull();
      expect(await run.finishedKeys()).toEqual(new Set(others));
      heard.results.clear();
      await submit(run, tasks, 1);
      await waitFor(() => heard.results.has(first));
      expect(tasks.map((task) => bench.asksFor(task.prompt))).toEqual([2, 1, 1]);
    });

    it('stopped, finishes what is in flight and begins nothing', async () => {
      const tasks = sampleTasks(10, null, 'drained');
      bench.hold(1);
      const host = bench.createHost();
      const run = await openRun();
      await using heard = new Listener(run);
      await submit(run, tasks);
      const asked = () => tasks.filter((task) => bench.asksFor(task.prompt) > 0);
      await waitFor(() => asked().length === 3);
      await heard.until(1);
      await heard[Symbol.asyncDispose]();
      const stopping = run.stop(60_000);
      const log = { kind: 'worker', workerId: 0 } as const;
      await waitFor(async () => (await host.readLog(runId, log, 0))?.text.includes('stopping') ?? false);
      bench.release();
      await stopping;
      expect(await host.lookUp(runId)).toMatchObject({ state: 'stopped', finishedTasks: 3 });
      expect(await run.finishedKeys()).toEqual(new Set(keysOf(asked())));
    });

    it('stopped at once, leaves the rest to the next opening', async () => {
      const tasks = sampleTasks(8, null, 'cut');
      bench.hold(1);
      const run = await openRun();
      await submit(run, tasks);
      await waitFor(async () => (await run.finishedKeys()).size > 0);
      await run.stop(0);
      await run.stop(0);
      const finished = await run.finishedKeys();
      const asks = new Map(tasks.map((task) => [task.task_key, bench.asksFor(task.prompt)]));
      bench.release();
      const again = await openRun();
      await using heard = new Listener(again);
      // What no worker had when it was stopped would have to be submitted again.
      await submit(again, tasks, 1);
      await waitFor(async () => (await again.finishedKeys()).size === 8);
      for (const task of tasks) {
        if (finished.has(task.task_key)) expect(bench.asksFor(task.prompt)).toBe(asks.get(task.task_key));
      }
      expect(heard.events.length).toBeGreaterThan(0);
    });

    it('stops a run that somebody else opened, and one that nobody works on', async () => {
      const tasks = sampleTasks(10, null, 'stopped');
      bench.hold(1);
      const run = await openRun();
      await submit(run, tasks);
      await waitFor(async () => (await run.finishedKeys()).size > 0);
      for (let round = 0; round < 2; round++) await bench.createHost().stopRun(runId, { workers: 1 });
      const asked = () => tasks.filter((task) => bench.asksFor(task.prompt) > 0).length;
      const askedBefore = asked();
      bench.release();
      expect(await bench.createHost().lookUp(runId)).toMatchObject({ state: 'stopped', finishedTasks: 1 });
      expect(asked()).toBe(askedBefore);
    });

    it('does nothing any more of work that is withdrawn, and keeps its results', async () => {
      const tasks = sampleTasks(10, null, 'withdrawn');
      bench.hold(1);
      const run = await openRun();
      await submit(run, tasks);
      await waitFor(async () => (await run.finishedKeys()).size > 0);
      await bench.createHost().stopRun(runId, { workers: 1, isWithdrawn: true });
      const asked = () => tasks.filter((task) => bench.asksFor(task.prompt) > 0).length;
      const askedBefore = asked();
      bench.release();
      const again = await openRun();
      await using _heard = new Listener(again);
      await submit(again, sampleTasks(1, null, 'instead'));
      await waitFor(async () => (await again.finishedKeys()).size === 2);
      expect(asked()).toBe(askedBefore);
    });

    it('takes back what no worker has begun, and does it when it is submitted again', async () => {
      const tasks = sampleTasks(10, null, 'taken back');
      bench.hold(1);
      const run = await openRun();
      await using heard = new Listener(run);
      // Where batches are what workers take, those that none has taken are taken back.
      for (let at = 0; at < 5; at++) await submit(run, tasks.slice(2 * at, 2 * at + 2), at);
      const asked = () => tasks.filter((task) => bench.asksFor(task.prompt) > 0);
      await waitFor(() => asked().length >= 3);
      await heard.until(1);
      const withdrawn = await run.withdraw([...keysOf(tasks), 'e'.repeat(64)]);
      const isWithdrawn = ({ task_key: key }: ManifestTask) => withdrawn.has(key);
      const rest = tasks.filter((task) => !isWithdrawn(task));
      // What it has begun it keeps, and that may be more than it has asked for.
      expect(rest.length).toBeLessThan(tasks.length);
      expect(keysOf(rest)).toEqual(expect.arrayContaining(keysOf(asked())));
      expect(withdrawn).not.toContain('e'.repeat(64));
      // A worker that is started again does not find them either.
      await bench.killWorker(runId, 0);
      bench.release();
      await heard.until(rest.length);
      await submit(run, sampleTasks(1, null, 'after that'), 5);
      await heard.until(rest.length + 1);
      expect(asked().filter(isWithdrawn)).toEqual([]);
      await submit(run, tasks, 6);
      await heard.until(tasks.length + 1);
      for (const task of tasks.filter(isWithdrawn)) expect(bench.asksFor(task.prompt)).toBe(1);
    });

    it('gives a running worker to whoever opens the run next', async () => {
      const tasks = sampleTasks(8, null, 'adopted');
      const first = await openRun();
      await using heard = new Listener(first);
      await submit(first, tasks.slice(0, 6));
      await waitFor(async () => (await bench.createHost().lookUp(runId)).totalTasks === 6);
      const second = await openRun();
      await using heardToo = new Listener(second);
      await submit(second, tasks.slice(6), 1);
      if (!bench.decidesLater) expect(await heardToo.startOf(0)).toBe(await heard.startOf(0));
      await heard.until(8);
      expect((await second.finishedKeys()).size).toBe(8);
      for (const task of tasks) expect(bench.asksFor(task.prompt)).toBe(1);
    });

    it('spreads batches over two workers in turn', async () => {
      const tasks = sampleTasks(8, null, 'spread');
      const run = await openRun(2);
      await using heard = new Listener(run);
      const workers: (number | null)[] = [];
      for (let at = 0; at < 4; at++) workers.push(await submit(run, tasks.slice(2 * at, 2 * at + 2), at));
      if (!workers.includes(null)) expect(workers).toEqual([0, 1, 0, 1]);
      await heard.until(8);
      await bench.killWorker(runId, 1);
      await submit(run, sampleTasks(2, null, 'spread further'), 5);
      await heard.until(10);
    });

    it('ends a watch as soon as its signal says so', async () => {
      const run = await openRun();
      await expectToEnd(run, AbortSignal.abort());
      const stop = new AbortController();
      const ended = expectToEnd(run, stop.signal);
      stop.abort();
      await ended;
    });
  });
}

async function expectToEnd(run: HostRun, signal: AbortSignal): Promise<void> {
  for await (const _ of run.watch(signal)) {
    // Only its end matters.
  }
}

function keysOf(tasks: readonly ManifestTask[]): string[] {
  return tasks.map((task) => task.task_key);
}

async function hintOf(path: string): Promise<ManifestHint> {
  const sha256 = createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
  return { sha256, width: 64, height: 36, frames: 2 };
}
