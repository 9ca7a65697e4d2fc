import { afterEach, describe, expect, it } from 'vitest';
import { sampleTask, sampleTasks } from '../../../support/sample-work.ts';
import { ServedRig } from '../../../support/served-rig.ts';
import { waitFor } from '../../../support/wait-for.ts';

let rig: ServedRig | null = null;

afterEach(async () => {
  const left = await rig?.close();
  rig = null;
  expect(left ?? []).toEqual([]);
});

const killer = 'A lamp that KILLS the server';

/** Tasks among which those at `at` kill the server. */
function withKillers(count: number, at: readonly number[]) {
  const tasks = sampleTasks(count);
  for (const index of at) tasks[index] = sampleTask(`${killer} at ${index} while fog drifts over the quay`);
  return tasks;
}

describe('a server that dies', () => {
  it('of an accident mid-work: every task is done once, nothing failed, no attempt counted', async () => {
    rig = new ServedRig({ STAND_IN_LATENCY_MS: '150' });
    const { worker, tasks } = { worker: await rig.worker(), tasks: sampleTasks(32) };
    await worker.submit(rig.engine(), tasks);
    await waitFor(() => worker.results.size >= 8);
    process.kill(rig.starts()[0] ?? 0, 'SIGKILL');
    const results = await worker.finish(tasks);
    expect(results).toHaveLength(32);
    expect(new Set(results.map(({ status, attempts }) => `${status} ${attempts}`))).toEqual(
      new Set(['ok 1']),
    );
    expect(rig.starts()).toHaveLength(2);
    expect(rig.servers.status()).toMatchObject({ state: 'ready', restarts: 1, message: null });
    expect([...worker.messages].join('\n')).toMatch(/again, after it died \(signal SIGKILL\)/);
  });

  it.each([
    { rule: 'one killer among 16', count: 16, at: [5], concurrency: 8, mostDeaths: 5 },
    { rule: 'one killer at the end', count: 16, at: [15], concurrency: 8, mostDeaths: 5 },
    { rule: 'two killers in one batch', count: 16, at: [2, 6], concurrency: 8, mostDeaths: 10 },
    { rule: 'two killers next to each other', count: 16, at: [0, 1], concurrency: 8, mostDeaths: 10 },
    { rule: 'one killer, one at a time', count: 3, at: [1], concurrency: 1, mostDeaths: 3 },
  ])('$rule: exactly they fail', async ({ count, at, concurrency, mostDeaths }) => {
    rig = new ServedRig({ STAND_IN_DIE_ON: killer, STAND_IN_LATENCY_MS: '60', STAND_IN_LOAD_MS: '0' });
    const { worker, tasks } = { worker: await rig.worker(), tasks: withKillers(count, at) };
    await worker.submit(rig.engine({ concurrency }), tasks);
    const results = await worker.finish(tasks);
    expect(results).toHaveLength(count);
    const failed = results.flatMap(({ status, error }, index) =>
      status === 'failed' ? [{ index, error }] : [],
    );
    expect(failed.map(({ index }) => index)).toEqual(at);
    for (const { error } of failed)
      expect(error).toMatchObject({ code: 'engine-crashed', is_retryable: false });
    expect(failed[0]?.error?.message).toMatch(/died \d times while it worked on this prompt/);
    expect(rig.starts().length - 1).toBeLessThanOrEqual(mostDeaths);
  });

  it('when everything kills it: given up before all tasks are blamed', async () => {
    rig = new ServedRig({ STAND_IN_DIE_ON: killer, STAND_IN_LOAD_MS: '0' });
    const worker = await rig.worker();
    const tasks = withKillers(
      16,
      Array.from({ length: 16 }, (_, at) => at),
    );
    await worker.submit(rig.engine(), tasks);
    await worker.finish(tasks);
    const status = worker.worker.status();
    expect(status).toMatchObject({ status: 'failed', is_fatal: true, code: 'engine-failed' });
    expect(status.message).toMatch(/died 9 times in a row without an answer/);
    expect(status.failed_tasks).toBeLessThan(8);
  });

  it('two runs that share it: the killer of one does not harm the other', async () => {
    rig = new ServedRig({ STAND_IN_DIE_ON: killer, STAND_IN_LATENCY_MS: '60', STAND_IN_LOAD_MS: '0' });
    const [bad, good] = [await rig.worker('run-1'), await rig.worker('run-2')];
    const [badTasks, goodTasks] = [withKillers(8, [3]), sampleTasks(24, null, 'other')];
    await Promise.all([bad.submit(rig.engine(), badTasks), good.submit(rig.engine(), goodTasks)]);
    const results = await bad.finish(badTasks);
    expect(results.filter(({ status }) => status === 'failed')).toHaveLength(1);
    expect((await good.finish(goodTasks)).every(({ status }) => status === 'ok')).toBe(true);
    expect(rig.starts().length - 1).toBeLessThanOrEqual(6);
  });
});

describe('a server that lives on without its model', () => {
  it('is ended, and the request that broke it fails alone', async () => {
    rig = new ServedRig({ STAND_IN_SICKEN_ON: killer, STAND_IN_LATENCY_MS: '60', STAND_IN_LOAD_MS: '0' });
    const { worker, tasks } = { worker: await rig.worker(), tasks: withKillers(8, [4]) };
    await worker.submit(rig.engine({ concurrency: 4 }), tasks);
    const results = await worker.finish(tasks);
    const failed = results.flatMap(({ error }, at) => (error ? [`${at} ${error.code}`] : []));
    expect(failed).toEqual(['4 engine-crashed']);
    expect(results.every(({ attempts }) => attempts === 1)).toBe(true);
  });
});

describe('a server that hangs', () => {
  it('is ended when its health says nothing and a request timed out; the cause fails alone', async () => {
    rig = new ServedRig({ STAND_IN_FREEZE_ON: killer, STAND_IN_LATENCY_MS: '20', STAND_IN_LOAD_MS: '0' });
    const { worker, tasks } = { worker: await rig.worker(), tasks: withKillers(4, [1]) };
    await worker.submit(rig.engine({ concurrency: 4, request_timeout_ms: 300 }), tasks);
    const results = await worker.finish(tasks);
    expect(results.map(({ status }) => status)).toEqual(['ok', 'failed', 'ok', 'ok']);
    expect(results[1]?.error?.code).toBe('engine-crashed');
  });

  it('is left alone when only one request takes too long', async () => {
    rig = new ServedRig({ STAND_IN_LATENCY_MS: '400' });
    const { worker, tasks } = { worker: await rig.worker(), tasks: sampleTasks(2) };
    await worker.submit(rig.engine({ request_timeout_ms: 100 }), tasks);
    const results = await worker.finish(tasks);
    expect(results.map(({ error }) => error?.code)).toEqual(['engine-timeout', 'engine-timeout']);
    expect(rig.starts()).toHaveLength(1);
  });
});
