import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { PoolHost } from '../../../../src/adapters/pool-host/pool-host.ts';
import type { MachineCheck, PoolOptions } from '../../../../src/adapters/pool-host/pool-member.ts';
import type { AppError } from '../../../../src/errors/app-error.ts';
import type { HostRun } from '../../../../src/ports/host.ts';
import { Listener } from '../../../support/contracts/host-bench.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { MemoryHost } from '../../../support/memory-host.ts';
import { unreachableError } from '../../../support/memory-upkeep.ts';
import { poolOptions } from '../../../support/pool-bench.ts';
import { sampleEngine, sampleTasks } from '../../../support/sample-work.ts';
import { waitFor } from '../../../support/wait-for.ts';

const engine = sampleEngine(null, { concurrency: 2 });
const tasks = sampleTasks(40);
const batch = { batch_id: 0, tasks };
const keys = tasks.map(({ task_key: key }) => key);

/** A pool of two memory hosts. */
function twoHosts(change: Partial<PoolOptions> = {}) {
  const [a, b] = [new MemoryHost(), new MemoryHost()];
  const clock = new ManualClock();
  const pool = new PoolHost(poolOptions({ a, b }, { clock, ...change }));
  return { a, b, clock, pool, open: () => pool.openRun('run', { workers: 2 }) };
}

async function submitAll(run: HostRun): Promise<void> {
  await run.submit(batch, engine);
  await run.allSubmitted({ checkpointPath: '/nowhere', objects: [] });
}

/** Waits for so many results, while the pool looks around now and then: it takes speeds as they are for a while. */
async function answered(heard: Listener, clock: ManualClock, count: number): Promise<void> {
  let isOver = false;
  const told = heard.until(count).finally(() => {
    isOver = true;
  });
  // `told` rejects once it is awaited.
  told.catch(() => undefined);
  while (!isOver) {
    await clock.advance(1_000);
    await delay(5);
  }
  await told;
}

describe('a pool', () => {
  it('has both machines do a part, and each task once', async () => {
    const { a, b, clock, open } = twoHosts();
    const run = await open();
    await using heard = new Listener(run);
    await submitAll(run);
    await answered(heard, clock, 40);
    expect([...a.asked, ...b.asked].sort()).toEqual([...keys].sort());
    expect(Math.min(a.asked.length, b.asked.length)).toBeGreaterThan(0);
    expect(await run.finishedKeys()).toEqual(new Set(keys));
    await run.close();
  });

  it('begins with those that can be reached, and says of the other why not', async () => {
    const { a, b, clock, open } = twoHosts();
    b.failure = unreachableError('no route');
    const run = await open();
    await using heard = new Listener(run);
    await submitAll(run);
    await answered(heard, clock, 40);
    expect(a.asked).toHaveLength(40);
    const change = { type: 'machine-changed', machine: 'b', state: 'unreachable' };
    expect(heard.events).toContainEqual(expect.objectContaining(change));
    await run.close();
  });

  it('takes in a machine that is reached later, with what it has done before', async () => {
    const { a, b, clock, open } = twoHosts();
    const before = await b.openRun('run');
    await before.submit({ batch_id: 0, tasks: tasks.slice(0, 5) }, engine);
    b.failure = unreachableError('no route');
    a.pauseAfter(0);
    const run = await open();
    await using heard = new Listener(run);
    await submitAll(run);
    b.failure = null;
    await waitFor(async () => {
      await clock.advance(1_000);
      return heard.results.size >= 5;
    });
    await a.proceed();
    await waitFor(async () => {
      await clock.advance(1_000);
      return heard.results.size === 40;
    });
    expect(b.asked.filter((key) => keys.slice(0, 5).includes(key))).toHaveLength(5);
    await run.close();
  });

  it('takes results of earlier work that come before anything is submitted', async () => {
    const { b, clock, open } = twoHosts();
    const before = await b.openRun('run');
    b.pauseAfter(0);
    await before.submit({ batch_id: 0, tasks: tasks.slice(0, 5) }, engine);
    const run = await open();
    await using heard = new Listener(run);
    await b.proceed();
    await heard.until(5);
    await submitAll(run);
    await answered(heard, clock, 40);
    expect(b.asked.filter((key) => keys.slice(0, 5).includes(key))).toHaveLength(5);
    await run.close();
  });

  /** The first five prompts were answered by `b` in an earlier session; two more were given to it and never reached it. */
  async function resumedWithoutB(change: Partial<PoolOptions> = {}) {
    const hosts = twoHosts(change);
    const before = await hosts.b.openRun('run');
    await before.submit({ batch_id: 0, tasks: tasks.slice(0, 5) }, engine);
    hosts.b.failure = unreachableError('no route');
    const given = new Map([['b', new Set(keys.slice(0, 7))]]);
    return { ...hosts, open: () => hosts.pool.openRun('run', { workers: 2, given }) };
  }

  it('asks no prompt again that a machine may have answered which is not reached yet', async () => {
    const { a, b, clock, open } = await resumedWithoutB();
    a.pauseAfter(10);
    const run = await open();
    await using heard = new Listener(run);
    await submitAll(run);
    await heard.until(10);
    b.failure = null;
    await waitFor(async () => {
      await clock.advance(1_000);
      return heard.results.size >= 15;
    });
    await a.proceed();
    await waitFor(async () => {
      await clock.advance(1_000);
      return heard.results.size === 40;
    });
    expect([...a.asked, ...b.asked].sort()).toEqual([...keys].sort());
    await run.close();
  });

  it('says what it waits for, and ends, when the rest may be with a machine that is not reached', async () => {
    const { a, clock, open } = await resumedWithoutB();
    const run = await open();
    await using heard = new Listener(run);
    await submitAll(run);
    const error = await answered(heard, clock, 40).catch((failure: unknown) => failure);
    expect(error).toMatchObject({ code: 'host-unreachable', message: expect.stringContaining('b: ') });
    expect([...a.asked].sort()).toEqual(keys.slice(7).sort());
    const waits = heard.events.flatMap((event) =>
      event.type === 'worker-status' ? (event.status.message ?? []) : [],
    );
    expect(waits).toEqual([expect.stringContaining('b may have answered what is left')]);
    await run.close();
  });

  it('asks such prompts again where that is wanted', async () => {
    const { a, clock, open } = await resumedWithoutB({ copiesPrompts: true });
    const run = await open();
    await using heard = new Listener(run);
    await submitAll(run);
    await answered(heard, clock, 40);
    expect(a.asked).toHaveLength(40);
    await run.close();
  });

  it('does not begin without any machine', async () => {
    const { a, b, open } = twoHosts();
    a.failure = unreachableError('no route');
    b.failure = unreachableError('no light');
    const error = await open().catch((failure: unknown) => failure);
    expect(error).toMatchObject({ code: 'host-unreachable' });
    expect((error as AppError).message).toMatch(/a: .*no route.*b: .*no light/s);
  });

  it('gives nothing to a machine that is refused, and ends when all are', async () => {
    const refused = new Set(['b']);
    const admit: MachineCheck['admit'] = async ({ name }) =>
      refused.has(name) ? { isAdmitted: false, reason: `${name} is odd` } : { isAdmitted: true };
    const createCheck = () => ({ admit, owns: () => false });
    const one = twoHosts({ createCheck });
    const run = await one.open();
    await using heard = new Listener(run);
    await submitAll(run);
    await answered(heard, one.clock, 40);
    expect(one.b.asked).toEqual([]);
    const change = { type: 'machine-changed', machine: 'b', state: 'refused', message: 'b is odd' };
    expect(heard.events).toContainEqual(change);
    await run.close();
    refused.add('a');
    const other = twoHosts({ createCheck });
    const last = await other.open();
    await using hopeless = new Listener(last);
    const hopeful = submitAll(last).then(() => hopeless.until(1));
    const error = await hopeful.catch((failure: unknown) => failure);
    expect((error as AppError).message).toMatch(/a is odd.*b is odd|b is odd.*a is odd/s);
    await last.close().catch(() => undefined);
  });

  it.each([
    { rule: 'asks prompts of a lost machine again where that is wanted', copiesPrompts: true },
    { rule: 'leaves prompts of a lost machine to it, and ends', copiesPrompts: false },
  ])('$rule', async ({ copiesPrompts }) => {
    const { a, b, clock, open } = twoHosts({ copiesPrompts });
    b.answersUntilLoss = 1;
    const run = await open();
    await using heard = new Listener(run);
    b.failure = null;
    await submitAll(run);
    b.failure = unreachableError('read ECONNRESET');
    const ended = heard.until(40).catch((failure: unknown) => failure);
    let isEnded = false;
    void ended.then(() => {
      isEnded = true;
    });
    await waitFor(async () => {
      await clock.advance(1_000);
      return isEnded;
    });
    const error = await ended;
    if (copiesPrompts) expect(error).toBeUndefined();
    else expect(error).toMatchObject({ code: 'host-unreachable' });
    const twice = b.asked.filter((key) => a.asked.includes(key));
    expect(twice.length > 0).toBe(copiesPrompts);
    await run.close();
  });

  it('deals all that waits when nobody stays, and finds it again', async () => {
    const { a, b, open } = twoHosts();
    for (const host of [a, b]) host.pauseAfter(0);
    const run = await open();
    await using heard = new Listener(run);
    await run.submit(batch, engine);
    await run.allSubmitted({ checkpointPath: '/nowhere', objects: [], isLeaving: true });
    const given = () =>
      heard.events.flatMap((event) => (event.type === 'task-assigned' ? event.taskKey : []));
    await waitFor(() => new Set(given()).size === 40);
    await run.close();
    for (const host of [a, b]) await host.proceed();
    expect(a.asked.length + b.asked.length).toBe(40);
    const again = await open();
    expect((await again.finishedKeys()).size).toBe(40);
    await submitAll(again);
    expect(a.asked.length + b.asked.length).toBe(40);
    await again.close();
  });

  it('does not take in more than it can keep in mind', async () => {
    const { a, b, open } = twoHosts();
    for (const host of [a, b]) host.pauseAfter(0);
    const run = await open();
    await using heard = new Listener(run);
    const many = { batch_id: 0, tasks: sampleTasks(5_000, null, 'many') };
    let isTaken = false;
    const submitting = run.submit(many, engine).then(() => {
      isTaken = true;
    });
    await waitFor(async () => (await a.lookUp('run')).state !== 'running');
    expect(isTaken).toBe(false);
    for (const host of [a, b]) await host.proceed();
    await submitting;
    await heard.until(5_000);
    await run.close();
  });

  it('fails at once where a result can only be on a machine that is lost', async () => {
    const { b, clock, open } = twoHosts();
    const run = await open();
    await using heard = new Listener(run);
    await submitAll(run);
    await answered(heard, clock, 40);
    const [key = ''] = b.asked;
    const facts = { sha256: '0'.repeat(64), size_bytes: 1 };
    await expect(run.downloadOutput(key, facts, '/nowhere')).rejects.toMatchObject({ code: 'worker-failed' });
    await run.close();
  });
});
