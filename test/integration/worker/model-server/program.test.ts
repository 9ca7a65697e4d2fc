import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EngineSpec } from '../../../../src/protocol/manifest.ts';
import { sampleEngine, sampleTasks } from '../../../support/sample-work.ts';
import { isAlive } from '../../../support/served-rig.ts';
import { waitFor } from '../../../support/wait-for.ts';
import { exitOf, WorkerRig } from '../../../support/worker-rig.ts';

const vllmFolder = join(import.meta.dirname, '../../../support/stand-in/bin');

let rig: WorkerRig;
let journal: string;
let environment: Record<string, string>;

beforeEach(() => {
  rig = new WorkerRig();
  journal = join(rig.root, 'journal.jsonl');
  writeFileSync(journal, '');
  // The shim finds the Node of these tests first, and `vllm` is found as on a machine that has it.
  const path = [vllmFolder, join(process.execPath, '..'), process.env['PATH']].join(':');
  environment = { PATH: path, STAND_IN_JOURNAL: journal, STAND_IN_LATENCY_MS: '100' };
});

afterEach(async () => {
  await rig.close();
  await waitFor(() => !starts().some(isAlive), 15_000);
});

function engine(): EngineSpec {
  return sampleEngine(null, {
    command: ['vllm', 'serve', 'stand-in', '--host', '127.0.0.1', '--port', '{port}'],
  });
}

function starts(): number[] {
  try {
    const lines = readFileSync(journal, 'utf8').split('\n').filter(Boolean);
    return lines
      .map((line) => JSON.parse(line))
      .flatMap(({ event, pid }) => (event === 'start' ? [pid] : []));
  } catch {
    return [];
  }
}

describe('the worker program with a server of its own', () => {
  it('works, keeps it while there is nothing to do, and leaves nothing when it is told to stop', async () => {
    const child = await rig.start(environment);
    for (const [index, label] of ['first', 'second'].entries()) {
      const tasks = sampleTasks(6, null, label);
      await rig.submit(rig.writeManifest(index, engine(), [tasks]));
      expect((await rig.results(tasks)).every(({ status }) => status === 'ok')).toBe(true);
      await waitFor(async () => (await rig.status()).status === 'idle');
    }
    expect(starts()).toHaveLength(1);
    expect(starts().map(isAlive)).toEqual([true]);
    child.kill('SIGTERM');
    expect(await exitOf(child)).toBe(0);
    expect(starts().map(isAlive)).toEqual([false]);
  });

  it('that is killed leaves no server, and the next one finishes', async () => {
    const tasks = sampleTasks(24);
    rig.writeManifest(0, engine(), [tasks]);
    const child = await rig.start(environment);
    await waitFor(() => tasks.some((task) => rig.result(task.task_key) !== null));
    child.kill('SIGKILL');
    await exitOf(child);
    await waitFor(() => !starts().some(isAlive), 5_000);
    await rig.start(environment);
    expect((await rig.results(tasks)).every(({ status }) => status === 'ok')).toBe(true);
    expect(starts()).toHaveLength(2);
  });

  it('that is stopped while its server loads ends at once', async () => {
    const child = await rig.start({ ...environment, STAND_IN_LOAD_MS: '60000' });
    await rig.submit(rig.writeManifest(0, engine(), [sampleTasks(2)]));
    await waitFor(() => starts().length === 1);
    await waitFor(async () => (await rig.status()).message?.startsWith('loading stand-in: ') ?? false);
    expect((await rig.status()).status).toBe('loading');
    child.kill('SIGTERM');
    expect(await exitOf(child)).toBe(0);
    expect(starts().map(isAlive)).toEqual([false]);
  });
});
