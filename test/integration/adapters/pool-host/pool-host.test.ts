import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readLockOwner } from '../../../../src/adapters/files/process-lock.ts';
import { PoolHost } from '../../../../src/adapters/pool-host/pool-host.ts';
import { makeClip } from '../../../support/clips.ts';
import { Listener } from '../../../support/contracts/host-bench.ts';
import { describeHost } from '../../../support/contracts/host-contract.ts';
import { describeSegments } from '../../../support/contracts/segment-contract.ts';
import { createLocalBench } from '../../../support/local-bench.ts';
import { createPoolBench, poolOptions } from '../../../support/pool-bench.ts';
import { sampleTasks } from '../../../support/sample-work.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { waitFor } from '../../../support/wait-for.ts';

const folder = await temporaryFolder();

describeHost('PoolHost', createPoolBench, () =>
  makeClip(join(folder, 'hint.mp4'), { width: 64, height: 36, frames: 2, fps: 2, codec: 'mjpeg' }),
);

describeSegments('PoolHost', createPoolBench);

it('asks no prompt twice, though one machine stands still for a while', async () => {
  await using a = await createLocalBench();
  await using b = await createLocalBench();
  const pool = new PoolHost(poolOptions({ a: a.createHost(), b: b.createHost() }));
  const tasks = sampleTasks(40, null, 'still');
  const run = await pool.openRun('still', { workers: 2 });
  const owner = await readLockOwner(join(b.root, 'runs', 'still', 'worker_0.lock'));
  if (owner === null) throw new Error('there is no worker');
  {
    await using heard = new Listener(run);
    await run.submit({ batch_id: 0, tasks }, a.engine);
    await waitFor(() =>
      heard.events.some((event) => event.type === 'task-finished' && event.machine === 'b'),
    );
    process.kill(owner.pid, 'SIGSTOP');
    await run.allSubmitted({ checkpointPath: '', objects: [] });
    const ofA = () =>
      heard.events.filter((event) => event.type === 'task-finished' && event.machine === 'a').length;
    // What only waits here, the other one does meanwhile.
    await waitFor(() => ofA() >= 20);
    process.kill(owner.pid, 'SIGCONT');
    await heard.until(40);
    for (const task of tasks) expect(a.asksFor(task.prompt)).toBe(1);
    const copies = heard.events.filter((event) => event.type === 'task-assigned' && event.isCopy);
    expect(copies).toEqual([]);
  }
  await run.stop(0);
  await run.close();
});
