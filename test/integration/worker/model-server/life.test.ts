import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { layout } from '../../../../src/protocol/layout.ts';
import { sampleTask, sampleTasks } from '../../../support/sample-work.ts';
import { isAlive, ServedRig } from '../../../support/served-rig.ts';
import { waitFor } from '../../../support/wait-for.ts';

let rig: ServedRig | null = null;

afterEach(async () => {
  const left = await rig?.close();
  rig = null;
  expect(left ?? []).toEqual([]);
});

function newRig(...options: ConstructorParameters<typeof ServedRig>): ServedRig {
  rig = new ServedRig(...options);
  return rig;
}

describe('loading', () => {
  it('is told with the seconds, and the next time with how long it takes here', async () => {
    const { servers, root, ...slot } = pick(newRig({ STAND_IN_LOAD_MS: '1200' }));
    const [first, tasks] = [await slot.worker('run-1'), sampleTasks(3)];
    await first.submit(slot.engine(), tasks);
    await waitFor(() => servers.status()?.state === 'loading');
    expect(first.worker.status().status).toBe('loading');
    await first.finish(tasks);
    expect([...first.messages]).toContain('loading stand-in: 1 s');
    await waitFor(() => existsSync(join(root, layout.loadTimes)));
    await first.worker.stop(0);
    await servers.offload();
    expect(servers.status()?.state).toBe('stopped');
    const second = await slot.worker('run-2');
    await second.submit(slot.engine(), tasks);
    await second.finish(tasks);
    expect([...second.messages].join('\n')).toMatch(/^loading stand-in: 1 s of about [1-3] s$/m);
    expect(servers.status()?.expected_load_ms).toBeGreaterThan(1_000);
  });

  it('that ends in death three times is the end, with the last words', async () => {
    const slot = newRig({
      STAND_IN_DIE_LOADING: 'torch.OutOfMemoryError: 31 MiB is free',
      STAND_IN_LOAD_MS: '0',
    });
    const worker = await slot.worker();
    const tasks = sampleTasks(2);
    await worker.submit(slot.engine(), tasks);
    await worker.finish(tasks);
    const status = worker.worker.status();
    expect(status).toMatchObject({
      status: 'failed',
      is_fatal: true,
      code: 'engine-failed',
      failed_tasks: 0,
    });
    expect(status.message).toMatch(/died 3 times in a row while it loaded.*exit code 1/);
    expect(status.message).toContain('torch.OutOfMemoryError: 31 MiB is free');
    expect(status.message).toContain(slot.logPath);
    expect(slot.starts()).toHaveLength(3);
    expect(slot.servers.status()).toMatchObject({ state: 'failed', restarts: 2 });
  });

  it('that goes wrong twice and then well is no failure; another manifest tries again after one', async () => {
    const slot = newRig({
      STAND_IN_DIE_LOADING: 'no disk yet',
      STAND_IN_BAD_STARTS: '5',
      STAND_IN_LOAD_MS: '0',
    });
    const worker = await slot.worker();
    const tasks = sampleTasks(2);
    await worker.submit(slot.engine(), tasks);
    await worker.finish(tasks);
    expect(worker.worker.hasFailed).toBe(true);
    await worker.submit(slot.engine(), tasks);
    const results = await worker.finish(tasks);
    expect(results.map(({ status }) => status)).toEqual(['ok', 'ok']);
    expect(slot.starts()).toHaveLength(6);
  });

  it('on a port that somebody took goes on with another one', async () => {
    const slot = newRig({ STAND_IN_PORT_TAKEN: '4', STAND_IN_LOAD_MS: '0' });
    const worker = await slot.worker();
    const tasks = sampleTasks(1);
    await worker.submit(slot.engine(), tasks);
    expect((await worker.finish(tasks))[0]?.status).toBe('ok');
    const ports = slot.journal().flatMap(({ event, port }) => (event === 'start' ? [port] : []));
    expect(new Set(ports).size).toBe(5);
  });

  it.each([
    {
      rule: 'never healthy',
      environment: { STAND_IN_NEVER_HEALTHY: '1' },
      command: null,
      says: /was not ready within 1 s/,
    },
    {
      rule: 'no such program',
      environment: {},
      command: ['no-such-vllm', 'serve', '--port', '{port}'],
      says: /model server's program "no-such-vllm" was not found.*has to be in the image/,
    },
    {
      rule: 'no place for the port',
      environment: {},
      command: ['vllm', 'serve'],
      says: /has no \{port\} in it/,
    },
    {
      rule: 'no program at all',
      environment: {},
      command: ['/', '{port}'],
      says: /program "\/" is not executable/,
    },
  ])('$rule: given up, and said', async ({ environment, command, says }) => {
    const slot = newRig({ STAND_IN_LOAD_MS: '0', ...environment }, { startupTimeoutMs: 700 });
    const worker = await slot.worker();
    const tasks = sampleTasks(1);
    await worker.submit(slot.engine(command === null ? {} : { command }), tasks);
    await worker.finish(tasks);
    expect(worker.worker.status()).toMatchObject({ status: 'failed', code: 'engine-failed' });
    expect(worker.worker.status().message).toMatch(says);
  });
});

describe('one server for several runs', () => {
  it('stays warm: the next run loads nothing', async () => {
    const slot = newRig();
    for (const runId of ['run-1', 'run-2']) {
      const worker = await slot.worker(runId);
      const tasks = sampleTasks(5, null, runId);
      await worker.submit(slot.engine(), tasks);
      expect((await worker.finish(tasks)).every(({ status }) => status === 'ok')).toBe(true);
      await worker.worker.stop(0);
    }
    expect(slot.starts()).toHaveLength(1);
    expect(slot.servers.status()?.state).toBe('ready');
  });

  it('is replaced for another model as soon as nobody asks it, also by the same run', async () => {
    const slot = newRig({ STAND_IN_LATENCY_MS: '300' });
    const [first, second] = [await slot.worker('run-1'), await slot.worker('run-2')];
    const [oldTasks, newTasks] = [sampleTasks(4), sampleTasks(4, null, 'other')];
    await first.submit(slot.engine({ model: 'old' }), oldTasks);
    await waitFor(() => slot.journal().some(({ event }) => event === 'ask'));
    await second.submit(slot.engine({ model: 'new' }), newTasks);
    await waitFor(
      () => second.worker.status().message === 'waiting until the model old is not used any more',
    );
    const results = [...(await first.finish(oldTasks)), ...(await second.finish(newTasks))];
    expect(results.map(({ model }) => model)).toEqual([
      ...oldTasks.map(() => 'old'),
      ...newTasks.map(() => 'new'),
    ]);
    const last = sampleTasks(1, null, 'last');
    await second.submit(slot.engine({ model: 'old' }), last);
    expect((await second.finish(last))[0]?.model).toBe('old');
    expect(slot.starts()).toHaveLength(3);
    expect(slot.starts().filter(isAlive)).toHaveLength(1);
  });

  it('is not offloaded while it is asked', async () => {
    const slot = newRig({ STAND_IN_LATENCY_MS: '300' });
    const worker = await slot.worker();
    const tasks = sampleTasks(2);
    await worker.submit(slot.engine(), tasks);
    await waitFor(() => slot.journal().some(({ event }) => event === 'ask'));
    await slot.servers.offload();
    expect((await worker.finish(tasks)).map(({ status }) => status)).toEqual(['ok', 'ok']);
    await waitFor(async () => {
      await slot.servers.offload();
      return slot.servers.status()?.state === 'stopped';
    });
    expect(slot.starts().filter(isAlive)).toEqual([]);
  });

  it('that ignores SIGTERM is ended by force, also while it loads', async () => {
    const slot = newRig({ STAND_IN_IGNORE_SIGTERM: '1', STAND_IN_LOAD_MS: '60000' }, { stopGraceMs: 200 });
    const worker = await slot.worker();
    await worker.submit(slot.engine(), sampleTasks(1));
    await waitFor(() => slot.starts().length === 1);
    const stopped = worker.worker.stop(0);
    await slot.servers.stop();
    await stopped;
    expect(slot.starts().filter(isAlive)).toEqual([]);
  });
});

describe('what it says', () => {
  it('goes into a log of bounded size, without keys', async () => {
    const secret = 'sk-a-very-secret-key';
    const slot = newRig(
      { VLLM_API_KEY: secret, STAND_IN_DIE_LOADING: `the key is ${secret}`, STAND_IN_LOAD_MS: '0' },
      { maxLogBytes: 200 },
    );
    const worker = await slot.worker();
    await worker.submit(slot.engine(), sampleTasks(1));
    await waitFor(() => worker.worker.hasFailed);
    await slot.servers.stop();
    const logs = [slot.logPath, `${slot.logPath}.1`];
    const text = logs.map((path) => readFileSync(path, 'utf8')).join('');
    expect(text).toContain('the key is [key]');
    for (const said of [text, worker.worker.status().message ?? '', slot.log.join('\n')])
      expect(said).not.toContain(secret);
    for (const path of logs) expect(statSync(path).size).toBeLessThanOrEqual(400);
  });

  it('in refusals reaches the task: vLLM’s words for too long and too many', async () => {
    const slot = newRig();
    const engine = slot.engine();
    const command = [...(engine.command ?? []), '--max-model-len', '40'];
    const worker = await slot.worker();
    const task = { ...sampleTask('A lamp over a wet road at night'), max_output_tokens: 300 };
    await worker.submit({ ...engine, command }, [task]);
    const [result] = await worker.finish([task]);
    expect(result?.error).toMatchObject({ code: 'context-exceeded', is_retryable: false });
  });
});

function pick(slot: ServedRig) {
  return {
    servers: slot.servers,
    root: slot.root,
    worker: (runId: string) => slot.worker(runId),
    engine: () => slot.engine(),
  };
}
