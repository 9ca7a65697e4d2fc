import { expect, it } from 'vitest';
import { AppError } from '../../../../src/errors/app-error.ts';
import type { Host } from '../../../../src/ports/host.ts';
import { lookUpRuns, type RunRow } from '../../../../src/services/runs/list-runs.ts';
import { ManualClock, settle } from '../../../support/manual-clock.ts';
import { MemoryHost } from '../../../support/memory-host.ts';
import { unreachableError } from '../../../support/memory-upkeep.ts';

function row(runId: string, host: string | null): RunRow {
  const nothing = {
    ending: null,
    created_at: null,
    updated_at: null,
    input: null,
    engine: null,
    counts: null,
    tasks: null,
    message: null,
  };
  return { run_id: runId, kind: 'upsample', folder: `/runs/${runId}`, status: 'detached', host, ...nothing };
}

function portsOf(hosts: Readonly<Record<string, Host>>) {
  const asked: string[] = [];
  const host = (name: string) => {
    asked.push(name);
    const found = hosts[name];
    if (!found) throw new AppError({ code: 'host-unknown', message: `There is no host "${name}".` });
    return found;
  };
  return { asked, clock: new ManualClock(), host };
}

it('asks each host once, and none for runs that are damaged', async () => {
  const gpu1 = new MemoryHost();
  gpu1.facts.set('r1', { state: 'running', finishedTasks: 3, totalTasks: 8 });
  const ports = portsOf({ gpu1, local: new MemoryHost() });
  const rows = [row('r1', 'gpu1'), row('r2', 'gpu1'), row('r3', 'local'), row('r4', null)];
  const checked = await lookUpRuns(rows, ports);
  expect(ports.asked.sort()).toEqual(['gpu1', 'local']);
  expect(checked.map(({ run_id, on_host }) => [run_id, on_host?.state ?? null])).toEqual([
    ['r1', 'running'],
    ['r2', 'unknown'],
    ['r3', 'unknown'],
    ['r4', null],
  ]);
  expect(checked[0]?.on_host).toMatchObject({ finished_tasks: 3, total_tasks: 8, message: null });
  expect(ports.clock.sleeping).toBe(0);
});

it('tells an unreachable or forgotten host as such, and goes on with the others', async () => {
  const away = new MemoryHost();
  away.failure = unreachableError('no route');
  const checked = await lookUpRuns(
    [row('r1', 'away'), row('r2', 'here'), row('r3', 'gone')],
    portsOf({ away, here: new MemoryHost() }),
  );
  expect(checked.map(({ on_host }) => [on_host?.state, on_host?.message])).toEqual([
    ['unreachable', 'no route'],
    ['unknown', null],
    ['unreachable', 'There is no host "gone".'],
  ]);
});

it('waits for a silent host no longer than its deadline, and keeps what it said in time', async () => {
  const slow = new MemoryHost();
  const lookUp = slow.lookUp.bind(slow);
  slow.lookUp = (runId) => (runId === 'r2' ? new Promise<never>(() => undefined) : lookUp(runId));
  const ports = portsOf({ slow });
  const looking = lookUpRuns([row('r1', 'slow'), row('r2', 'slow')], ports);
  await settle();
  await ports.clock.advance(15_000);
  expect((await looking).map(({ on_host }) => [on_host?.state, on_host?.message])).toEqual([
    ['unknown', null],
    ['unreachable', 'no answer within 15 s'],
  ]);
});
