import { describe, expect, it } from 'vitest';
import { WorkerApi } from '../../../../src/adapters/host-run/worker-api.ts';
import { SlotApi, slotCaller } from '../../../../src/adapters/ssh-host/slot-api.ts';
import { startSlot, type WorkerContainer } from '../../../../src/adapters/ssh-host/slot-worker.ts';
import { systemClock } from '../../../../src/adapters/system-clock.ts';
import { AppError } from '../../../../src/errors/app-error.ts';
import { ManualClock, settle } from '../../../support/manual-clock.ts';

const interrupted = new Error('Ctrl-C');
const absent = () => new SlotApi(new WorkerApi({ socketPath: '/nowhere/slot.sock' }), 'gpu1');

const container = (state: 'running' | 'foreign'): WorkerContainer => ({
  name: 'cosmos-1-slot-0',
  ensureRunning: async () => ({ isStarted: false }),
  state: async () => ({ state, exitCode: null }),
  explain: async () => new AppError({ code: 'host-busy', message: 'taken' }),
  kill: async () => undefined,
});

describe('what waits for a slot ends at once when the run is interrupted', () => {
  it.each([
    {
      wait: 'a call that no slot answers',
      begin: (signal: AbortSignal) =>
        slotCaller([absent()], new ManualClock(), signal)((slot) => slot.missingObjects([])),
    },
    {
      wait: 'a call whose answer takes long',
      begin: (signal: AbortSignal) =>
        slotCaller([absent()], new ManualClock(), signal)(() => new Promise(() => undefined)),
    },
    {
      wait: 'a slot that starts',
      begin: (signal: AbortSignal) =>
        startSlot({ container: container('running'), slot: absent(), clock: new ManualClock() }, signal),
    },
  ])('$wait', async ({ begin }) => {
    const interrupt = new AbortController();
    const waiting = expect(begin(interrupt.signal)).rejects.toBe(interrupted);
    // Nothing but the interruption ends it: the clock stands still.
    await settle();
    interrupt.abort(interrupted);
    await waiting;
  });
});

it('a container that somebody else takes while its slot starts is told as that', async () => {
  const deps = { container: container('foreign'), slot: absent(), clock: systemClock };
  await expect(startSlot(deps, new AbortController().signal)).rejects.toMatchObject({ code: 'host-busy' });
});
