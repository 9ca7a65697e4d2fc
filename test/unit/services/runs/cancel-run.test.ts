import { describe, expect, it } from 'vitest';
import type { Host } from '../../../../src/ports/host.ts';
import type { Ports } from '../../../../src/ports/ports.ts';
import type { RunOwner } from '../../../../src/ports/run-store.ts';
import { cancelRun } from '../../../../src/services/runs/cancel-run.ts';
import { ManualClock, settle } from '../../../support/manual-clock.ts';
import { unreachableError } from '../../../support/memory-upkeep.ts';
import { sampleCheckpoint } from '../../../support/sample-checkpoint.ts';
import { kinds } from '../../../support/upsample-runs.ts';

const here: RunOwner = { pid: 7, machine: 'desk', isHere: true, isProven: true };

/** A run `r1`, which is the latest until it is looked at; `owner` says who works on it each time that is asked. */
function newScene(owner: () => RunOwner | null) {
  const asked: number[] = [];
  const stopped: string[] = [];
  const references: string[] = [];
  const noted: object[] = [];
  const clock = new ManualClock();
  const checkpoint = sampleCheckpoint('/out', { run_id: 'r1' });
  const host: Partial<Host> = {
    close: async () => undefined,
    stopRun: async (runId) => {
      stopped.push(runId);
    },
  };
  const ports = {
    clock,
    host: () => host,
    runs: {
      assertApproved: async () => undefined,
      locate: async () => ({ folder: '/runs/r1', kind: 'upsample' }),
      read: async () => ({ runId: 'r1', folder: '/runs/r1', checkpoint, events: [] }),
      open: async () => ({
        ...{ runId: 'r1', folder: '/runs/r1', checkpoint, events: [] },
        append: (body: object) => {
          noted.push(body);
          return body;
        },
        ...{ flush: async () => undefined, release: async () => undefined },
      }),
      owner: async (reference: string) => {
        references.push(reference);
        return owner();
      },
    },
  } as unknown as Ports;
  const cancel = (reference: string) => cancelRun(reference, kinds, ports, (pid) => asked.push(pid));
  return { cancel, clock, asked, stopped, references, noted, host };
}

describe('cancelRun', () => {
  it('gives up on a process that stays', async () => {
    const { cancel, clock, stopped } = newScene(() => here);
    const cancelled = cancel('r1').catch((error: unknown) => error);
    await settle();
    await clock.advance(30_000);
    expect(await cancelled).toMatchObject({ code: 'run-locked', exitCode: 5 });
    expect(stopped).toEqual([]);
  });

  it('asks no process of this machine when one of another works on the run, and names that machine', async () => {
    const { cancel, asked, stopped } = newScene(() => ({
      pid: 7,
      machine: 'farm',
      isHere: false,
      isProven: false,
    }));
    const error = await cancel('r1').catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'run-locked', exitCode: 5 });
    expect(error).toMatchObject({ message: expect.stringContaining('farm') });
    expect([asked, stopped]).toEqual([[], []]);
  });

  it('asks no process to leave that only a file names', async () => {
    const { cancel, asked, stopped } = newScene(() => ({ ...here, isProven: false }));
    const error = await cancel('r1').catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'run-locked', message: expect.stringContaining('process 7') });
    expect([asked, stopped]).toEqual([[], []]);
  });

  it('says that the work goes on when the host is away', async () => {
    const { cancel, host } = newScene(() => null);
    host.stopRun = async () => {
      throw unreachableError('connect ETIMEDOUT.');
    };
    const error = await cancel('r1').catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'host-unreachable', exitCode: 4 });
    expect(error).toMatchObject({
      message: expect.stringMatching(/not stopped: local is unreachable.*ETIMEDOUT/),
    });
    expect(error).toMatchObject({ nextStep: expect.stringContaining('cosmos cancel r1') });
  });

  it('stays with the run that was the latest when it began, and notes that it was cancelled', async () => {
    const owners = [here, null];
    const { cancel, references, noted } = newScene(() => owners.shift() ?? null);
    await cancel('latest');
    expect(references).toEqual(['/runs/r1', '/runs/r1']);
    const next_step = 'Continue with: cosmos resume r1';
    expect(noted).toMatchObject([
      { type: 'run-finished', status: 'failed', error: { code: 'cancelled', next_step } },
    ]);
  });
});
