import { describe, expect, it } from 'vitest';
import type { Ports } from '../../../../src/ports/ports.ts';
import type { RunOwner } from '../../../../src/ports/run-store.ts';
import { type LogRequest, readLogs } from '../../../../src/services/runs/read-logs.ts';
import { ManualClock, settle } from '../../../support/manual-clock.ts';
import { MemoryHost } from '../../../support/memory-host.ts';
import { unreachableError } from '../../../support/memory-upkeep.ts';
import { sampleCheckpoint } from '../../../support/sample-checkpoint.ts';
import { kinds } from '../../../support/upsample-runs.ts';

const request: LogRequest = {
  reference: 'latest',
  workerId: null,
  lines: 3,
  isFollowing: false,
  isOfEngine: false,
};

function newScene(workers: number, change: Partial<LogRequest> = {}) {
  const host = new MemoryHost();
  const clock = new ManualClock();
  const checkpoint = sampleCheckpoint('/out', { run_id: 'r1' });
  checkpoint.settings.workers = workers;
  const scene = { owner: null as RunOwner | null, shown: [] as string[] };
  const runs = {
    locate: async () => ({ folder: '/runs/r1', kind: 'upsample' }),
    read: async () => ({ runId: 'r1', folder: '/runs/r1', checkpoint, events: [] }),
    owner: async () => scene.owner,
  };
  const ports = { runs, clock, host: () => host } as unknown as Ports;
  const controller = new AbortController();
  const read = () =>
    readLogs(
      { ...request, ...change },
      kinds,
      ports,
      {
        onLines: (workerId, lines) => scene.shown.push(...lines.map((line) => `${workerId}:${line}`)),
        onUnreachable: (name, message) => scene.shown.push(`${name} away: ${message}`),
        onReachable: (name) => scene.shown.push(`${name} back`),
      },
      controller.signal,
    );
  return { host, clock, scene, read, controller };
}

describe('readLogs', () => {
  it('gives the last lines of each worker, read part by part', async () => {
    const { host, scene, read } = newScene(2);
    host.logs.set('r1/0', Array.from({ length: 500 }, (_, index) => `line ${index}\n`).join(''));
    host.logs.set('r1/1', 'only\ncut off');
    const document = await read();
    expect(document.workers).toEqual([
      { worker_id: 0, lines: ['line 497', 'line 498', 'line 499'] },
      { worker_id: 1, lines: ['only', 'cut off'] },
    ]);
    expect(scene.shown).toEqual(['0:line 497', '0:line 498', '0:line 499', '1:only', '1:cut off']);
  });

  it('shows one worker only, and no line where none is wanted', async () => {
    const { host, read } = newScene(2, { workerId: 1, lines: 0 });
    host.logs.set('r1/1', 'a\nb\n');
    expect((await read()).workers).toEqual([{ worker_id: 1, lines: [] }]);
  });

  it('says so when there is no log', async () => {
    await expect(newScene(1).read()).rejects.toMatchObject({ code: 'run-not-found' });
  });

  it('does not wait for a host that is away', async () => {
    const { host, read } = newScene(1);
    host.failure = unreachableError();
    await expect(read()).rejects.toMatchObject({ code: 'host-unreachable', exitCode: 4 });
  });
});

describe('following', () => {
  const running = { state: 'running', finishedTasks: 0, totalTasks: 1 } as const;

  it('shows what comes, whole lines only, until nobody works on the run', async () => {
    const { host, clock, scene, read } = newScene(1, { isFollowing: true });
    host.logs.set('r1/0', 'one\ntw');
    host.facts.set('r1', running);
    const reading = read();
    await settle();
    expect(scene.shown).toEqual(['0:one']);
    host.logs.set('r1/0', 'one\ntwo\n');
    await clock.advance(1_000);
    expect(scene.shown).toEqual(['0:one', '0:two']);
    host.logs.set('r1/0', 'one\ntwo\nthree\n');
    host.facts.set('r1', { ...running, state: 'finished' });
    await clock.advance(10_000);
    await reading;
    expect(scene.shown).toEqual(['0:one', '0:two', '0:three']);
    expect(clock.sleeping).toBe(0);
  });

  it('waits for a log that is still to come while a process works on the run', async () => {
    const { host, clock, scene, read } = newScene(1, { isFollowing: true });
    scene.owner = { pid: 7, machine: 'desk', isHere: true, isProven: true };
    const reading = read();
    await clock.advance(5_000);
    host.logs.set('r1/0', 'late\n');
    scene.owner = null;
    await clock.advance(10_000);
    await reading;
    expect(scene.shown).toEqual(['0:late']);
  });

  it('tells once that the host is away and once that it is back', async () => {
    const { host, clock, scene, read } = newScene(1, { isFollowing: true });
    host.logs.set('r1/0', 'one\n');
    host.facts.set('r1', running);
    const reading = read();
    await clock.advance(2_000);
    host.failure = unreachableError('no route');
    await clock.advance(5_000);
    host.failure = null;
    await clock.advance(2_000);
    host.facts.set('r1', { ...running, state: 'stopped' });
    await clock.advance(10_000);
    await reading;
    expect(scene.shown).toEqual(['0:one', 'memory away: no route', 'memory back']);
  });

  it('begins anew with a log that was begun anew', async () => {
    const { host, clock, scene, read } = newScene(1, { isFollowing: true });
    host.logs.set('r1/0', 'a long first line\n');
    host.facts.set('r1', running);
    const reading = read();
    await settle();
    host.logs.set('r1/0', 'new\n');
    await clock.advance(1_000);
    expect(scene.shown).toEqual(['0:a long first line', '0:new']);
    host.facts.set('r1', { ...running, state: 'finished' });
    await clock.advance(10_000);
    await reading;
  });

  it('stops when it is asked to', async () => {
    const { host, read, controller } = newScene(1, { isFollowing: true });
    host.logs.set('r1/0', 'one\n');
    host.facts.set('r1', running);
    const reading = read().catch((error: unknown) => error);
    await settle();
    controller.abort(new Error('Ctrl-C'));
    expect(await reading).toMatchObject({ message: 'Ctrl-C' });
  });
});
