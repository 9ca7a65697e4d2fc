import { mkdir, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { hashFile } from '../../../../src/adapters/files/hash-file.ts';
import { readLockOwner } from '../../../../src/adapters/files/process-lock.ts';
import { LocalHost } from '../../../../src/adapters/local-host/local-host.ts';
import { PoolHost } from '../../../../src/adapters/pool-host/pool-host.ts';
import { systemClock } from '../../../../src/adapters/system-clock.ts';
import { resolveSettings } from '../../../../src/core/settings/resolve-settings.ts';
import type { VideoEventBody } from '../../../../src/core/video/video-event.ts';
import { partialObserver } from '../../../../src/output/progress/observers.ts';
import type { Host } from '../../../../src/ports/host.ts';
import type { VideoObserver } from '../../../../src/ports/run-observer.ts';
import { upscaleVideo } from '../../../../src/services/upscale/upscale-video.ts';
import { makeFilm } from '../../../support/film.ts';
import { poolOptions } from '../../../support/pool-bench.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { createTestPorts } from '../../../support/test-ports.ts';
import { workerProgram } from '../../../support/worker-rig.ts';

const folder = await temporaryFolder();
const film = await makeFilm(folder, 'film.mp4', { seconds: 24, rate: '24' });
const roots: string[] = [];
const stopped: number[] = [];

afterAll(async () => {
  for (const pid of stopped) killIfThere(pid);
  for (const root of roots) await rm(root, { recursive: true, force: true, maxRetries: 5 });
});

async function newMachine() {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'cp-')));
  roots.push(root);
  return { root, host: new LocalHost({ root, workerProgram, clock: systemClock }) };
}

/** Upscales the film on a host; `onEvent` sees what happens. */
async function upscaleOn(
  name: string,
  host: Host,
  slots: number,
  onEvent: (event: VideoEventBody) => void = () => undefined,
) {
  const events: VideoEventBody[] = [];
  const outputPath = join(folder, `${name}.mp4`);
  const { upscaling } = resolveSettings([
    { source: 'the test', values: { upscaling: { dedupe: 'off', preset: 'ultrafast', workers: 1 } } },
  ]);
  const request = {
    ...{ inputPath: film, outputPath, modelPath: null, host: name, slots, upscaling },
    ...{ isForced: false, isKeptGoing: false, isDetached: false },
  };
  const observer = partialObserver<VideoObserver>({
    onEvent: (event) => {
      events.push(event as VideoEventBody);
      onEvent(event as VideoEventBody);
    },
  });
  const ports = createTestPorts(join(folder, name), host);
  const { summary } = await upscaleVideo(request, ports, observer, new AbortController().signal);
  expect(summary.status).toBe('complete');
  const copies = events.flatMap((event) =>
    event.type === 'task-assigned' && event.is_copy ? [event.task_key] : [],
  );
  expect(new Set(copies).size).toBe(copies.length);
  return { hash: await hashFile(outputPath), events, copies };
}

const alone = (await upscaleOn('alone', (await newMachine()).host, 1)).hash;

it('makes the same file on three machines as on one', async () => {
  const [a, b, c] = [await newMachine(), await newMachine(), await newMachine()];
  const pool = new PoolHost(poolOptions({ a: a.host, b: b.host, c: c.host }));
  const { hash, events } = await upscaleOn('three', pool, 3);
  expect(hash).toBe(alone);
  const machines = events.flatMap((event) => (event.type === 'task-answered' ? [event.machine] : []));
  expect([...new Set(machines)].sort()).toEqual(['a', 'b', 'c']);
});

it('does without a machine that is ended for good in the middle', async () => {
  const [a, b] = [await newMachine(), await newMachine()];
  const pool = new PoolHost(poolOptions({ a: a.host, b: b.host }));
  let ruined: Promise<number> | null = null;
  // The other machine stands still until that end is noticed: otherwise it may have done everything before.
  const { hash, events } = await upscaleOn('ended', pool, 2, (event) => {
    if (event.type === 'task-answered' && event.machine === 'b')
      ruined ??= ruin(b.root, 'test-run-0').then(() => stopWorker(a.root, 'test-run-0'));
    if (event.type === 'machine-changed' && event.machine === 'b' && event.state === 'ended')
      void ruined?.then((pid) => process.kill(pid, 'SIGCONT'));
  });
  await ruined;
  expect(ruined).not.toBeNull();
  expect(hash).toBe(alone);
  expect(events).toContainEqual(
    expect.objectContaining({ type: 'machine-changed', machine: 'b', state: 'ended' }),
  );
});

it('copies what a machine that stands still has, once each', async () => {
  const [a, b] = [await newMachine(), await newMachine()];
  const pool = new PoolHost(poolOptions({ a: a.host, b: b.host }));
  let held: Promise<number> | null = null;
  const { hash, copies } = await upscaleOn('still', pool, 2, (event) => {
    if (event.type === 'task-assigned' && event.machine === 'b') held ??= stopWorker(b.root, 'test-run-0');
  });
  expect(held).not.toBeNull();
  expect(hash).toBe(alone);
  expect(copies.length).toBeGreaterThan(0);
});

async function pidOf(root: string, runId: string): Promise<number> {
  const owner = await readLockOwner(join(root, 'runs', runId, 'worker_0.lock'));
  if (owner === null) throw new Error('there is no worker');
  return owner.pid;
}

/** Has a worker stand still; resolves to its process. */
async function stopWorker(root: string, runId: string): Promise<number> {
  const pid = await pidOf(root, runId);
  stopped.push(pid);
  process.kill(pid, 'SIGSTOP');
  return pid;
}

/** Ends a worker, and has a folder where its lock belongs: nobody can take that lock. */
async function ruin(root: string, runId: string): Promise<void> {
  const lock = join(root, 'runs', runId, 'worker_0.lock');
  const pid = await pidOf(root, runId);
  process.kill(pid, 'SIGKILL');
  await rm(lock, { force: true });
  await mkdir(join(lock, 'ruined'), { recursive: true });
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // The end of its run ended it.
  }
}
