import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { readLockOwner } from '../../../../src/adapters/files/process-lock.ts';
import { LocalHost } from '../../../../src/adapters/local-host/local-host.ts';
import { systemClock } from '../../../../src/adapters/system-clock.ts';
import { Listener } from '../../../support/contracts/host-bench.ts';
import { sampleEngine, sampleTasks } from '../../../support/sample-work.ts';
import { waitFor } from '../../../support/wait-for.ts';
import { workerProgram } from '../../../support/worker-rig.ts';

const describeEngine = sampleEngine(null, { kind: 'describe', model: 'describe-3', temperature: 0 });
const foreignResult = {
  ...{
    version: 1,
    task_key: 'f'.repeat(64),
    status: 'ok',
    text: 'x',
    frames_used: 0,
    model: 'm',
    error: null,
  },
  ...{
    usage: { prompt_tokens: null, completion_tokens: null },
    finish_reason: 'stop',
    attempts: 1,
    duration_ms: 1,
  },
  finished_at: '2026-01-01T00:00:00.000Z',
};
const roots: string[] = [];

async function newRoot(name = ''): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'cw-'));
  roots.push(folder);
  return join(folder, name);
}

afterEach(async () => {
  for (const root of roots.splice(0)) await rm(root, { recursive: true, force: true, maxRetries: 5 });
});

/** A program of these words in the place of the worker's. */
async function programOf(text: string): Promise<string> {
  const path = join(await newRoot(), 'worker.mjs');
  await writeFile(path, text);
  return path;
}

function hostWith(root: string, program = workerProgram): LocalHost {
  return new LocalHost({ root, workerProgram: program, clock: systemClock });
}

describe('a worker program', () => {
  it('that is missing is told at once', async () => {
    const host = hostWith(await newRoot(), '/nowhere/worker.js');
    await expect(host.openRun('run-1', { workers: 1 })).rejects.toMatchObject({ code: 'worker-failed' });
  });

  it.each([
    { rule: 'whose Node is gone', execPath: '/nowhere/node', program: workerProgram, reason: 'ENOENT' },
    {
      rule: 'that the system refuses',
      execPath: process.execPath,
      program: 'x'.repeat(1 << 20),
      reason: 'E2BIG',
    },
  ])('$rule is told', async ({ execPath, program, reason }) => {
    const host = hostWith(await newRoot(), program);
    const present = process.execPath;
    process.execPath = execPath;
    try {
      await expect(host.openRun('run-1', { workers: 1 })).rejects.toMatchObject({
        code: 'worker-failed',
        message: expect.stringMatching(`^The worker cannot be started: .*${reason}`),
      });
    } finally {
      process.execPath = present;
    }
  });

  it('that ends by itself is told with its log', async () => {
    const root = await newRoot();
    const host = hostWith(root, await programOf('console.error("no GPU here"); process.exit(7)'));
    await expect(host.openRun('run-1', { workers: 1 })).rejects.toMatchObject({
      code: 'worker-failed',
      message: 'The worker ended with code 7.',
      nextStep: expect.stringContaining(join(root, 'runs', 'run-1', 'logs', 'worker_0.log')),
    });
  });

  it('that dies again and again is given up', async () => {
    // The real one, which a task ends as the kernel would.
    const program = await programOf(
      `import { readdirSync } from 'node:fs';
       const folder = process.argv[process.argv.indexOf('--root') + 1] + '/runs/run-1/manifests';
       setInterval(() => { try { if (readdirSync(folder).length) process.kill(process.pid, 'SIGKILL') } catch {} }, 5);
       await import(${JSON.stringify(workerProgram)});`,
    );
    const run = await hostWith(await newRoot(), program).openRun('run-1', { workers: 1 });
    await using heard = new Listener(run);
    await run.submit({ batch_id: 0, tasks: sampleTasks(1) }, describeEngine);
    await expect(heard.until(1)).rejects.toMatchObject({
      code: 'worker-failed',
      message: 'The worker was ended by SIGKILL each time it started.',
    });
  }, 60_000);

  it('that is killed while it starts is started again', async () => {
    const root = await newRoot();
    const marker = join(root, 'killed-once');
    const program = await programOf(
      `import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
       if (!existsSync(${JSON.stringify(marker)})) {
         writeFileSync(${JSON.stringify(marker)}, '');
         process.kill(process.pid, 'SIGKILL');
       }
       await import(${JSON.stringify(workerProgram)});`,
    );
    await mkdir(root, { recursive: true });
    const run = await hostWith(root, program).openRun('run-1', { workers: 1 });
    expect(await run.finishedKeys()).toEqual(new Set());
    await run.stop(0);
  });
});

describe('a local host', () => {
  it('stops no process of this machine in the place of one of another', async () => {
    const root = await newRoot();
    const bystander = spawn(process.execPath, ['--eval', 'setInterval(() => undefined, 60_000)']);
    try {
      await mkdir(join(root, 'runs/run-1'), { recursive: true });
      const owner = { pid: bystander.pid, host: 'elsewhere', process_start: null };
      const lock = { ...owner, acquired_at: 'then', token: 't' };
      await writeFile(join(root, 'runs/run-1/worker_0.lock'), JSON.stringify(lock));
      await expect(hostWith(root).stopRun('run-1', { workers: 1 })).rejects.toMatchObject({
        code: 'worker-failed',
        message: expect.stringContaining('runs on elsewhere'),
      });
      expect([bystander.exitCode, bystander.signalCode]).toEqual([null, null]);
    } finally {
      bystander.kill('SIGKILL');
    }
  });

  it('counts a run as running whose worker hangs, and ends that one', async () => {
    const root = await newRoot();
    const host = hostWith(root);
    const run = await host.openRun('run-1', { workers: 1 });
    const engine = sampleEngine('http://127.0.0.1:9', { retry: { max_outage_ms: 60_000 } });
    await run.submit({ batch_id: 0, tasks: sampleTasks(1) }, engine);
    const owner = await readLockOwner(join(root, 'runs/run-1/worker_0.lock'));
    process.kill(owner?.pid ?? 0, 'SIGSTOP');
    expect(await host.lookUp('run-1')).toMatchObject({ state: 'running' });
    await host.stopRun('run-1', { workers: 1 });
    expect(await host.lookUp('run-1')).toMatchObject({ state: 'stopped' });
  });

  it('lets no worker begin that was started before the run was stopped', async () => {
    const root = await newRoot();
    const host = hostWith(root);
    const run = await host.openRun('run-1', { workers: 1 });
    await run.stop(0);
    const engine = sampleEngine('http://127.0.0.1:9');
    await run.submit({ batch_id: 0, tasks: sampleTasks(1) }, engine);
    await host.stopRun('run-1', { workers: 1 });
    const late = spawn(process.execPath, [workerProgram, '--root', root, '--run', 'run-1', '--worker', '0']);
    expect(await new Promise((resolve) => late.once('exit', resolve))).toBe(0);
    expect(await host.lookUp('run-1')).toMatchObject({ state: 'stopped', finishedTasks: 0 });
    // Opening takes the mark away.
    const again = await host.openRun('run-1', { workers: 1 });
    expect(await readdir(join(root, 'runs', 'run-1'))).not.toContain('stopped_0');
    await again.stop(0);
  });

  it('works in a folder whose name is far too long for a socket', async () => {
    const root = await newRoot(join('x'.repeat(100), 'y'.repeat(100)));
    const run = await hostWith(root).openRun('run-1', { workers: 1 });
    await using heard = new Listener(run);
    await run.submit({ batch_id: 0, tasks: sampleTasks(1) }, describeEngine);
    await heard.until(1);
    await run.stop(0);
    expect(await readdir(join(root, 'runs', 'run-1'))).not.toContain('worker_0.sock');
  });

  it.each([
    { rule: 'is half a file', content: '{"version":1' },
    { rule: 'is empty', content: '' },
    { rule: 'has another version', content: '{"version":9}' },
    { rule: "is another task's", content: JSON.stringify(foreignResult) },
  ])('removes a result that $rule, and makes it again', async ({ content }) => {
    const root = await newRoot();
    const [task] = sampleTasks(1);
    if (!task) throw new Error('no task');
    const host = hostWith(root);
    const run = await host.openRun('run-1', { workers: 1 });
    await mkdir(join(root, 'runs/run-1/results'), { recursive: true });
    await writeFile(join(root, `runs/run-1/results/${task.task_key}.json`), content);
    expect(await run.result(task.task_key)).toBeNull();
    expect(await run.finishedKeys()).toEqual(new Set());
    await using heard = new Listener(run);
    await run.submit({ batch_id: 0, tasks: [task] }, describeEngine);
    await heard.until(1);
    await run.stop(0);
  });

  it('leaves neither process, lock nor socket behind', async () => {
    const root = await newRoot();
    const run = await hostWith(root).openRun('run-1', { workers: 2 });
    const owners = await Promise.all(
      [0, 1].map((id) => readLockOwner(join(root, `runs/run-1/worker_${id}.lock`))),
    );
    await run.stop(0);
    for (const owner of owners) {
      await waitFor(() => {
        expect(() => process.kill(owner?.pid ?? 0, 0)).toThrow(/ESRCH/);
        return true;
      });
    }
    const left = await readdir(join(root, 'runs/run-1'));
    expect(left.filter((name) => /sock|lock/.test(name))).toEqual([]);
  });
});
