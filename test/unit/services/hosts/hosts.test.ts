import { describe, expect, it } from 'vitest';
import type { UpsampleEventBody } from '../../../../src/core/upsample/upsample-event.ts';
import { UpsampleState } from '../../../../src/core/upsample/upsample-state.ts';
import type { Ports } from '../../../../src/ports/ports.ts';
import { checkHost, hostStatus, prepareHost } from '../../../../src/services/hosts/host-upkeep.ts';
import { pruneHost } from '../../../../src/services/hosts/prune-host.ts';
import { unreachableEnd } from '../../../../src/services/runs/carry-out.ts';
import { upsampleKind } from '../../../../src/services/upsample/upsample-kind.ts';
import type { UpsampleRun } from '../../../../src/services/upsample/upsample-types.ts';
import { MemoryUpkeep, unreachableError } from '../../../support/memory-upkeep.ts';
import { sampleCheckpoint } from '../../../support/sample-checkpoint.ts';
import { kinds } from '../../../support/upsample-runs.ts';

const finished = {
  type: 'task-finished',
  task_key: 'k',
  output: 'o',
  is_reused: false,
  frames_used: 0,
} as const;
const answer = { model: 'm', actual_prompt: null, actual_output: null, attempts: 1, duration_ms: 1 };
const done = (spec: string): UpsampleEventBody => ({ ...finished, ...answer, spec });
const bothDone = [done('a.json'), done('b/c.json')];

/** A run store of runs by id: on which host each is, and what happened in it; null is damaged. */
function storeOf(
  runs: Readonly<Record<string, { host: string; events: UpsampleEventBody[]; isLocked?: boolean } | null>>,
) {
  const read = async (_format: unknown, reference: string) => {
    const run = runs[reference.replace('/runs/', '')];
    if (!run) throw unreachableError('The checkpoint is damaged.');
    const checkpoint = sampleCheckpoint('/out', { run_id: reference });
    checkpoint.settings.host = run.host;
    return { runId: reference, folder: reference, checkpoint, events: run.events };
  };
  const list = async () =>
    Object.entries(runs).map(([runId, run]) => ({
      runId,
      folder: `/runs/${runId}`,
      kind: 'upsample',
      isLocked: run?.isLocked ?? false,
    }));
  const locate = async (folder: string) => ({ folder, kind: 'upsample' });
  return { read, list, locate };
}

function portsOf(upkeep: MemoryUpkeep, runs: Parameters<typeof storeOf>[0] = {}): Ports {
  const machines = (host: string) => (host === 'farm' ? ['gpu1', 'gpu2'] : [host]);
  return { upkeep: () => upkeep, runs: storeOf(runs), machines } as unknown as Ports;
}

describe('pruneHost', () => {
  const thing = { kind: 'run', name: 'old', sizeBytes: 10, reason: 'old' } as const;
  const request = { host: 'gpu1', keepMs: 1_000 };

  it('needs the runs of this host that are open, running or damaged', async () => {
    const upkeep = new MemoryUpkeep();
    const ports = portsOf(upkeep, {
      open: { host: 'gpu1', events: [done('a.json')] },
      ended: { host: 'gpu1', events: bothDone },
      locked: { host: 'gpu1', events: bothDone, isLocked: true },
      elsewhere: { host: 'local', events: [] },
      pooled: { host: 'farm', events: [] },
      damaged: null,
    });
    await pruneHost(request, kinds, ports, async () => false);
    expect(upkeep.rules[0]?.keepMs).toBe(1_000);
    expect([...(upkeep.rules[0]?.neededRuns ?? [])].sort()).toEqual(['damaged', 'locked', 'open', 'pooled']);
  });

  it('removes only what was agreed to, by rules that are made anew', async () => {
    const upkeep = new MemoryUpkeep();
    upkeep.unneeded = [thing];
    const listed = await pruneHost(request, kinds, portsOf(upkeep), async () => false);
    expect(listed).toMatchObject({
      is_confirmed: false,
      unneeded: [{ name: 'old', size_bytes: 10 }],
      removed: [],
    });
    expect(upkeep.unneeded).toHaveLength(1);
    const removed = await pruneHost(request, kinds, portsOf(upkeep), async (things) => things.length === 1);
    expect(removed).toMatchObject({ is_confirmed: true, removed: [{ name: 'old' }] });
    expect(upkeep.rules).toHaveLength(3);
    expect(upkeep.isClosed).toBe(true);
  });

  it('asks nothing when there is nothing to remove', async () => {
    const never = async () => expect.unreachable();
    expect(await pruneHost(request, kinds, portsOf(new MemoryUpkeep()), never)).toMatchObject({
      unneeded: [],
    });
  });
});

it.each([
  {
    rule: 'prepare',
    work: (ports: Ports) =>
      prepareHost(
        { host: 'gpu1', role: 'upsampler', isForced: false },
        ports,
        () => undefined,
        new AbortController().signal,
      ),
  },
  { rule: 'status', work: (ports: Ports) => hostStatus('gpu1', ports) },
  {
    rule: 'prune',
    work: (ports: Ports) => pruneHost({ host: 'gpu1', keepMs: 0 }, kinds, ports, async () => true),
  },
])('$rule lets go of a host that is away', async ({ work }) => {
  const upkeep = new MemoryUpkeep();
  upkeep.trouble = unreachableError();
  await expect(work(portsOf(upkeep))).rejects.toMatchObject({ code: 'host-unreachable', exitCode: 4 });
  expect(upkeep.isClosed).toBe(true);
});

it('prepares with progress', async () => {
  const upkeep = new MemoryUpkeep();
  upkeep.steps = [{ message: 'Step 1/2', fraction: 0.5 }];
  const seen: string[] = [];
  const tell = ({ message }: { message: string }) => void seen.push(message);
  const request = { host: 'gpu1', role: 'upscaler', isForced: true } as const;
  const prepared = await prepareHost(request, portsOf(upkeep), tell, new AbortController().signal);
  expect(prepared).toMatchObject({ version: 1, host: 'gpu1', outcome: 'built', image_id: 'sha256:abc' });
  expect(seen).toEqual(['Step 1/2']);
});

it('names checks after their host', async () => {
  const upkeep = new MemoryUpkeep();
  upkeep.checks = [{ name: 'docker', status: 'ok', detail: '27', fix: null }];
  expect(await checkHost('gpu1', portsOf(upkeep))).toEqual([
    expect.objectContaining({ name: 'gpu1: docker' }),
  ]);
});

describe('unreachableEnd', () => {
  const away: UpsampleEventBody = { type: 'host-unreachable', host: 'gpu1', message: 'no route' };
  const submitted: UpsampleEventBody = { type: 'batch-submitted', batch_id: 0, worker_id: 0, tasks: 2 };

  it.each([
    {
      rule: 'nothing',
      bodies: [],
      isWork: false,
      says: [/^gpu1 is unreachable: 0 of 2 specs are here, and nothing more/],
    },
    {
      rule: 'work',
      bodies: [submitted, done('a.json'), away],
      isWork: true,
      says: [/unreachable since \d\d:\d\d:\d\d: 1 of 2 specs are here, 1 more/, /\(connect ETIMEDOUT\.\)$/],
    },
  ])('with $rule on the host', async ({ bodies, isWork, says }) => {
    const events = bodies.map((body, seq) => ({
      version: 1,
      seq,
      time: '2026-03-01T10:15:00.000Z',
      ...body,
    }));
    const checkpoint = sampleCheckpoint('/out');
    checkpoint.settings.host = 'gpu1';
    const state = new UpsampleState(checkpoint.specs);
    for (const body of bodies) state.apply(body);
    const session = { runId: 'run-7', folder: '/runs/run-7', checkpoint };
    const ports = { runs: { read: async () => ({ events }) } } as unknown as Ports;
    const run = { session, state, ports } as unknown as UpsampleRun;
    const end = await unreachableEnd(upsampleKind, unreachableError('connect ETIMEDOUT.'), run);
    expect(end.isWorkOnHost).toBe(isWork);
    expect(end.error).toMatchObject({ code: 'host-unreachable', exitCode: 4 });
    expect(end.error.nextStep).toContain(isWork ? 'cosmos attach run-7' : 'cosmos resume run-7');
    for (const pattern of says) expect(end.error.message).toMatch(pattern);
  });
});
