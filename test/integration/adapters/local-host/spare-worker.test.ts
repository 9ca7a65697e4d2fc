import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readLockOwner } from '../../../../src/adapters/files/process-lock.ts';
import { LocalHost } from '../../../../src/adapters/local-host/local-host.ts';
import { SpareWorker } from '../../../../src/adapters/local-host/spare-worker.ts';
import { systemClock } from '../../../../src/adapters/system-clock.ts';
import { batchUpsample } from '../../../../src/services/upsample/batch-upsample.ts';
import { childrenOf } from '../../../support/child-processes.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { createTestPorts, silent, testRunSettings } from '../../../support/test-ports.ts';
import { waitFor } from '../../../support/wait-for.ts';
import { workerProgram } from '../../../support/worker-rig.ts';

const spares = () => childrenOf('--spare');

async function newScene(program = workerProgram) {
  const root = await temporaryFolder();
  const spare = new SpareWorker({ program });
  const host = new LocalHost({ root, workerProgram, clock: systemClock, spare });
  const workerPid = async () => (await readLockOwner(join(root, 'runs/run-1/worker_0.lock')))?.pid ?? 'none';
  return { root, host, workerPid };
}

describe.runIf(process.platform === 'linux')('a worker that waits for a run', () => {
  it('does its work, and keeps its log there', async () => {
    const { root, host, workerPid } = await newScene();
    using _expected = host.expectRun();
    const [pid] = await spares();
    const run = await host.openRun('run-1', { workers: 1 });
    expect(await workerPid()).toBe(pid);
    await run.stop(0);
    await waitFor(async () => (await spares()).length === 0);
    const log = await readFile(join(root, 'runs/run-1/logs/worker_0.log'), 'utf8');
    expect(log).toMatch(/listens on.*stopped/s);
  });

  it('ends when there is no run, and has written nothing', async () => {
    const { root, host } = await newScene();
    {
      using _expected = host.expectRun();
      expect(await spares()).toHaveLength(1);
    }
    await waitFor(async () => (await spares()).length === 0);
    expect(await readdir(root)).toEqual([]);
  });

  it('ends when the process is killed that started it', async () => {
    const module = new URL('../../../../src/adapters/local-host/spare-worker.ts', import.meta.url);
    const program = `
      import { SpareWorker } from ${JSON.stringify(module.href)};
      new SpareWorker({ program: ${JSON.stringify(workerProgram)} }).start();
      const { children } = await import('node:fs').then(({ readFileSync }) => ({
        children: readFileSync('/proc/self/task/' + process.pid + '/children', 'utf8'),
      }));
      process.stdout.write(children.trim().split(' ').at(-1));
      setInterval(() => undefined, 60_000);
    `;
    const child: ChildProcess = spawn(process.execPath, ['--input-type=module', '--eval', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [pid] = await once(child.stdout ?? child, 'data');
    expect(() => process.kill(Number(pid), 0)).not.toThrow();
    child.kill('SIGKILL');
    await waitFor(() => isGone(Number(pid)));
  });

  it.each([
    { rule: 'was killed', program: workerProgram, ruin: (pid: number) => process.kill(pid, 'SIGKILL') },
    { rule: 'could not be started', program: '/nowhere/worker.mjs', ruin: () => undefined },
  ])('is replaced where it $rule', async ({ program, ruin }) => {
    const { host, workerPid } = await newScene(program);
    using _expected = host.expectRun();
    const [pid] = await spares();
    if (pid !== undefined) ruin(pid);
    await waitFor(async () => (await spares()).length === 0);
    const run = await host.openRun('run-1', { workers: 1 });
    expect(await workerPid()).toEqual(expect.any(Number));
    await run.stop(0);
  });

  it('is not left behind by a plan that fails', async () => {
    const { root, host } = await newScene();
    const ports = createTestPorts(root, host);
    let waiting: readonly number[] = [];
    const { find } = ports.specs;
    const specs = Object.assign(Object.create(ports.specs), {
      find: async (...inputs: Parameters<typeof find>) => {
        waiting = await spares();
        return await ports.specs.find(...inputs);
      },
    });
    const request = { inputs: [root], settings: testRunSettings(root), excluded: [] };
    const running = batchUpsample(request, { ...ports, specs }, silent, new AbortController().signal);
    await expect(running).rejects.toMatchObject({ code: 'no-valid-spec' });
    expect(waiting).toHaveLength(1);
    await waitFor(async () => (await spares()).length === 0);
  });
});

function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch {
    return true;
  }
}
