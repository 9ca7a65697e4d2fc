import { once } from 'node:events';
import { expect, it } from 'vitest';
import type { Host, HostEvent, HostRun } from '../../../../src/ports/host.ts';
import { retoucherSpecSchema } from '../../../../src/protocol/retouch.ts';
import type { WorkerStatus } from '../../../../src/protocol/worker-status.ts';
import { SlotRun } from '../../../../src/services/workers/slot-run.ts';
import { sampleEngine, sampleTask } from '../../../support/sample-work.ts';
import { workerStatus } from '../../../support/sample-worker-status.ts';

const work = { batch: { batch_id: 0, tasks: [sampleTask('a test clip')] }, engine: sampleEngine(null) };
const never = new AbortController().signal;

/** A run in a slot, of which this is told to whoever watches it. */
async function openSlotRun(events: readonly HostEvent[]) {
  const watched = Promise.withResolvers<void>();
  const run = {
    finishedKeys: async () => new Set(),
    async *watch(signal: AbortSignal) {
      watched.resolve();
      yield* events;
      if (!signal.aborted) await once(signal, 'abort');
    },
  } as unknown as HostRun;
  const host = { openRun: async () => run } as unknown as Host;
  const slot = { host, clear: async () => undefined };
  const deps = { runId: 'run', machine: 'one', slot, store: {}, place: {} };
  return { run: await SlotRun.open(deps as unknown as Parameters<typeof SlotRun.open>[0]), watched };
}

it('keeps its worker running while it finds out whether the machine may work on the run', async () => {
  const { run, watched } = await openSlotRun([]);
  const admit = async () => {
    await watched.promise;
    return 'it differs';
  };
  expect(await run.refusal(work, admit, never)).toBe('it differs');
});

it('refuses a program that work from a queue names, without starting anything', async () => {
  const { run } = await openSlotRun([]);
  const engine = retoucherSpecSchema.parse({
    ...{ kind: 'command', command: ['rm', '-r', '.'], batch_size: 8, lanes: 1, model: null },
    ...{ strength: 100, color: '#000000', dilate_px: 0, feather_px: 0 },
    encoding: { crf: 18, preset: 'medium', threads: 1 },
  });
  const admit = () => Promise.reject(new Error('a worker was asked'));
  expect(await run.refusal({ ...work, engine }, admit, never)).toMatch(/runs programs only on the machine/);
});

it('does not wait for a test clip that the engine cannot make', async () => {
  const status: WorkerStatus = workerStatus({
    status: 'failed',
    is_fatal: true,
    message: 'There is no GPU.',
  });
  const { run } = await openSlotRun([{ type: 'worker-status', status }]);
  const admit = async (_run: HostRun, _runId: string, _work: unknown, signal: AbortSignal) => {
    await once(signal, 'abort');
    throw new Error('it was stopped');
  };
  await expect(run.refusal(work, admit, never)).rejects.toThrow('There is no GPU.');
});
