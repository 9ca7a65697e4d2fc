import { afterEach, beforeEach, expect, it } from 'vitest';
import { sampleEngine, sampleTasks } from '../../../support/sample-work.ts';
import { type StandIn, startStandInServer } from '../../../support/stand-in-server.ts';
import { waitFor } from '../../../support/wait-for.ts';
import { WorkerRig } from '../../../support/worker-rig.ts';

let rig: WorkerRig;
let standIn: StandIn;

beforeEach(async () => {
  rig = new WorkerRig();
  standIn = await startStandInServer();
  await rig.start();
});

afterEach(async () => {
  await rig.close();
  await standIn.stop();
});

const fault = { kind: 'status', status: 400, message: 'no such chat template' } as const;

it('a worker stops when only one failure comes, also when more work comes, until it is told to try again', async () => {
  standIn.setFault({ fault });
  const [tasks, more] = [sampleTasks(40), sampleTasks(40, null, 'later task')];
  const engine = sampleEngine(standIn.baseUrl, { concurrency: 2, retry: { max_equal_failures: 5 } });
  const path = rig.writeManifest(0, engine, [tasks]);
  await rig.submit(path);
  await waitFor(async () => (await rig.status()).status === 'failed');
  expect(await rig.status()).toMatchObject({
    code: 'failures-repeated',
    is_fatal: true,
    message: expect.stringContaining('no such chat template'),
  });
  const answered = () => [...tasks, ...more].filter(({ task_key: key }) => rig.result(key) !== null).length;
  await waitFor(() => answered() === standIn.stats.requests);
  const asked = standIn.stats.requests;
  expect(asked).toBeLessThanOrEqual(7);
  // Its caller did not know of the failure when it sent these.
  await rig.submit(rig.writeManifest(1, engine, [more]));
  expect(await rig.status()).toMatchObject({ status: 'failed', code: 'failures-repeated' });
  expect(standIn.stats.requests).toBe(asked);
  // Nothing that was not tried has a result.
  expect(answered()).toBe(asked);
  standIn.setFault(null);
  await rig.submit(path);
  const open = tasks.filter(({ task_key: key }) => rig.result(key)?.status !== 'failed');
  expect((await rig.results(open)).map(({ status }) => status)).toEqual(open.map(() => 'ok'));
});
