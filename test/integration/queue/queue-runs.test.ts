import { copyFile, mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hashFile } from '../../../src/adapters/files/hash-file.ts';
import { LocalHost } from '../../../src/adapters/local-host/local-host.ts';
import { openJobs } from '../../../src/adapters/queue/connect-redis.ts';
import { systemClock } from '../../../src/adapters/system-clock.ts';
import { resolveSettings } from '../../../src/core/settings/resolve-settings.ts';
import { partialObserver } from '../../../src/output/progress/observers.ts';
import type { Host, HostEvent } from '../../../src/ports/host.ts';
import type { VideoObserver, VideoSetObserver } from '../../../src/ports/run-observer.ts';
import type { WorkerFacts } from '../../../src/protocol/queue.ts';
import { asItWasBegun, resumeRun } from '../../../src/services/runs/resume-run.ts';
import { upscaleKind } from '../../../src/services/upscale/upscale-kind.ts';
import { upscaleVideo } from '../../../src/services/upscale/upscale-video.ts';
import { upscaleVideoSet } from '../../../src/services/video-set/begin-set.ts';
import { videoSetKind } from '../../../src/services/video-set/set-kind.ts';
import { makeClip } from '../../support/clips.ts';
import { Listener } from '../../support/contracts/host-bench.ts';
import { makeFilm } from '../../support/film.ts';
import { startFaultProxy } from '../../support/lab/fault-proxy.ts';
import { missingRedis } from '../../support/lab/redis.ts';
import { makeOddFfmpeg } from '../../support/odd-ffmpeg.ts';
import { QueueRig } from '../../support/queue-rig.ts';
import { isMarked } from '../../support/read-marker.ts';
import { programEnvironment, sampleProgram, videoTasks } from '../../support/sample-videos.ts';
import { sampleEngine, sampleTask, sampleTasks } from '../../support/sample-work.ts';
import { bundleModelPrograms } from '../../support/stand-in/bundle-program.ts';
import { markerOf } from '../../support/stand-in/model-program.ts';
import type { StandInOptions } from '../../support/stand-in/server.ts';
import { startStandInServer } from '../../support/stand-in-server.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { createTestPorts } from '../../support/test-ports.ts';
import { waitFor } from '../../support/wait-for.ts';
import { workerProgram } from '../../support/worker-rig.ts';

const why = missingRedis();
const noop = () => undefined;
const watched = partialObserver<VideoObserver>({ onScan: noop, onFrames: noop, onAssembly: noop });
const never = new AbortController().signal;

/** Counts as there, whatever time it is. */
function idleWorker(name: string): WorkerFacts {
  const times = { started_at: '2020-01-01T00:00:00.000Z', seen_at: '2999-01-01T00:00:00.000Z' };
  return {
    version: 1,
    name,
    machine: name,
    pid: 1,
    slots: 1,
    kinds: ['upscale'],
    ...times,
    doing: [],
    problem: null,
    unable_for: [],
  };
}

describe.skipIf(why !== null)(why ?? 'runs over a queue', () => {
  async function film(folder: string): Promise<string> {
    return await makeFilm(folder, 'film.mp4', { seconds: 12, rate: '24', width: 64, height: 36 });
  }

  async function upscale(
    inputPath: string,
    name: string,
    host: Host,
    { isDetached = false, onEvent = noop }: { isDetached?: boolean; onEvent?: VideoObserver['onEvent'] } = {},
  ) {
    const folder = join(inputPath, '..', name);
    await mkdir(folder, { recursive: true });
    const ports = createTestPorts(folder, host);
    const { upscaling } = resolveSettings([
      { source: 'the test', values: { upscaling: { preset: 'ultrafast' } } },
    ]);
    const outputPath = join(folder, 'larger.mp4');
    const request = { inputPath, outputPath, modelPath: null, host: host.name, slots: 1, upscaling };
    const flags = { isForced: false, isKeptGoing: false, isDetached };
    const observer = { ...watched, onEvent };
    const { error, summary } = await upscaleVideo({ ...request, ...flags }, ports, observer, never);
    return { outputPath, error, summary, ports };
  }

  it('makes the same file on four workers as on one machine, also when one of them is killed in the middle', async () => {
    const folder = await temporaryFolder();
    const path = await film(folder);
    const local = new LocalHost({ root: join(folder, 'root'), workerProgram, clock: systemClock });
    const alone = await upscale(path, 'alone', local);
    await using rig = await QueueRig.start();
    for (const name of ['one', 'two', 'three', 'four']) rig.startWorker(name);
    const running = upscale(path, 'shared', rig.host());
    await waitFor(async () => (await rig.workersOn('test-run-0')).length > 0);
    const [first = ''] = await rig.workersOn('test-run-0');
    await rig.killWorker(first);
    const shared = await running;
    expect(shared.summary.status).toBe('complete');
    expect(await hashFile(shared.outputPath)).toBe(await hashFile(alone.outputPath));
  });

  it('refuses a worker that differs, by name and reason, though it comes first, and takes one with another CPU', async () => {
    const folder = await temporaryFolder();
    const path = await film(folder);
    const local = new LocalHost({ root: join(folder, 'root'), workerProgram, clock: systemClock });
    const alone = await upscale(path, 'alone', local);
    await using rig = await QueueRig.start();
    const jobs = await openJobs(rig.settings, process.env);
    // They are there, and have not been given anything yet.
    for (const name of ['older', 'newer']) await jobs.announce(idleWorker(name));
    jobs.close();
    const FFMPEG_PATH = await makeOddFfmpeg(rig.folder, {
      [rig.rootOf('odd')]: 'ref=3',
      [rig.rootOf('older')]: 'asm=0',
    });
    const options = { env: { FFMPEG_PATH }, votingMs: 600_000 };
    rig.startWorker('odd', options);
    const events: Parameters<VideoObserver['onEvent']>[0][] = [];
    const running = upscale(path, 'shared', rig.host(), { onEvent: (event) => events.push(event) });
    const canaries = join(rig.settings.store, 'runs', 'test-run-0', 'canaries');
    await waitFor(async () => (await readdir(canaries)).includes('odd.json'));
    for (const name of ['older', 'newer']) rig.startWorker(name, options);
    const shared = await running;
    expect(shared.summary.status).toBe('complete');
    expect(await hashFile(shared.outputPath)).toBe(await hashFile(alone.outputPath));
    expect(events).toContainEqual(
      expect.objectContaining({
        ...{ type: 'machine-changed', machine: 'odd', state: 'refused' },
        message: expect.stringContaining('its encoder writes other parameter sets'),
      }),
    );
    const refused = events.flatMap((event) =>
      event.type === 'machine-changed' && event.state === 'refused' ? [event.machine] : [],
    );
    expect(new Set(refused)).toEqual(new Set(['odd']));
    expect(events).not.toContainEqual(expect.objectContaining({ type: 'task-assigned', machine: 'odd' }));
  }, 300_000);

  it('has a worker put the video together when nobody waits for it, and attaching brings it home', async () => {
    const folder = await temporaryFolder();
    const path = await film(folder);
    await using rig = await QueueRig.start();
    rig.startWorker('one');
    const begun = await upscale(path, 'left', rig.host(), { isDetached: true });
    expect(begun.summary.status).toBe('detached');
    const fetched = join(folder, 'fetched.mp4');
    await waitFor(async () => (await rig.host().fetchFinal('test-run-0', fetched, false)) !== null);
    await rig.stopWorker('one');
    const context = { ports: begun.ports, observer: watched, signal: never, isDetached: false };
    const { summary } = await resumeRun(upscaleKind, asItWasBegun('test-run-0'), context);
    expect(summary.status).toBe('complete');
    expect(await hashFile(begun.outputPath)).toBe(await hashFile(fetched));
  });

  it('makes several videos that were left to the queue, one of its workers killed, and attaching puts each together', async () => {
    const folder = await temporaryFolder();
    const path = await film(folder);
    const films = join(folder, 'films');
    await mkdir(films);
    const names = ['a.mp4', 'b.mp4', 'c.mp4'];
    for (const name of names) await copyFile(path, join(films, name));
    await using rig = await QueueRig.start();
    for (const name of ['one', 'two']) rig.startWorker(name);
    const host = rig.host();
    const ports = createTestPorts(folder, host);
    const { upscaling } = resolveSettings([
      { source: 'the test', values: { upscaling: { preset: 'ultrafast' } } },
    ]);
    const outputDir = join(folder, 'larger');
    const request = { inputs: [films], outputDir, suffix: '', modelPath: null, host: host.name, slots: 1 };
    const flags = { upscaling, isForced: false, isKeptGoing: false, isDetached: true, leave: undefined };
    const observer = partialObserver<VideoSetObserver>({});
    const begun = await upscaleVideoSet({ ...request, ...flags }, ports, observer, never);
    expect(begun.summary.status).toBe('detached');
    await waitFor(async () => (await rig.workersOn('test-run-0')).length > 0);
    const [first = ''] = await rig.workersOn('test-run-0');
    await rig.killWorker(first);
    const context = { ports, observer, signal: never, isDetached: false };
    const { summary } = await resumeRun(videoSetKind, asItWasBegun('test-run-0'), context);
    expect(summary).toMatchObject({ status: 'complete', counts: { finished: 3 } });
    const hashes = await Promise.all(names.map((name) => hashFile(join(outputDir, name))));
    expect(new Set(hashes).size).toBe(1);
  });

  async function prompts(options: StandInOptions = {}) {
    const rig = await QueueRig.start();
    const server = await startStandInServer({ slots: 2, latencyMs: 20, ...options });
    return {
      rig,
      server,
      engine: sampleEngine(server.baseUrl, { concurrency: 2 }),
      asksFor: (prompt: string) => server.stats.asks.filter((ask) => ask.text === prompt).length,
      [Symbol.asyncDispose]: async () => {
        await rig[Symbol.asyncDispose]();
        await server.stop();
      },
    };
  }

  it('loses nothing with a Redis that goes and comes back empty, and asks for nothing again that has a result', async () => {
    await using scene = await prompts();
    const { rig, server, engine } = scene;
    rig.startWorker('one');
    const run = await rig.host().openRun('emptied', { workers: 1 });
    await using heard = new Listener(run);
    const tasks = sampleTasks(8, null, 'kept');
    server.hold(3);
    for (let at = 0; at < 4; at++)
      await run.submit({ batch_id: at, tasks: tasks.slice(2 * at, 2 * at + 2) }, engine);
    await heard.until(3);
    const finished = [...heard.results.keys()];
    await rig.redis.stop();
    await waitFor(() => heard.events.some(({ type }) => type === 'unreachable'));
    await rig.redis.start();
    server.release();
    await heard.until(8);
    expect(heard.events.map(({ type }) => type)).toContain('reachable');
    expect([...heard.results.values()].every(({ status }) => status === 'ok')).toBe(true);
    for (const { task_key: key, prompt } of tasks)
      if (finished.includes(key)) expect(scene.asksFor(prompt)).toBe(1);
    await run.stop(0);
    await run.close();
  });

  it('finishes a job that loses its worker five times, and asks for nothing again that has a result', async () => {
    await using scene = await prompts();
    const { rig, server, engine } = scene;
    const run = await rig.host().openRun('unlucky', { workers: 1 });
    await using heard = new Listener(run);
    const tasks = sampleTasks(7, null, 'unlucky');
    server.hold(2);
    await run.submit({ batch_id: 0, tasks }, engine);
    for (let death = 1; death <= 5; death++) {
      const askedBefore = server.stats.asks.length;
      rig.startWorker(`worker-${death}`);
      await waitFor(() => server.stats.asks.length > askedBefore);
      await heard.until(2);
      await rig.killWorker(`worker-${death}`);
    }
    const asks = new Map(tasks.map(({ task_key: key, prompt }) => [key, scene.asksFor(prompt)]));
    const finished = [...heard.results.keys()];
    server.release();
    rig.startWorker('the-last');
    await heard.until(7);
    expect([...heard.results.values()].every(({ status }) => status === 'ok')).toBe(true);
    for (const { task_key: key, prompt } of tasks)
      if (finished.includes(key)) expect(scene.asksFor(prompt)).toBe(asks.get(key));
    await run.close();
  });

  it('gives a task a failed result that says why when no worker can do it, and does the others', async () => {
    await using scene = await prompts();
    const { rig, engine } = scene;
    rig.startWorker('one');
    const run = await rig.host().openRun('failing', { workers: 1 });
    await using heard = new Listener(run);
    const hint = { sha256: '5'.repeat(64), width: 64, height: 36, frames: 2 };
    const [good, bad] = [sampleTask('a good one'), sampleTask('one without its clip', hint)];
    await run.submit({ batch_id: 0, tasks: [good] }, engine);
    await run.submit({ batch_id: 1, tasks: [bad] }, engine);
    await heard.until(2);
    expect(heard.results.get(good.task_key)?.status).toBe('ok');
    const failed = heard.results.get(bad.task_key);
    expect(failed).toMatchObject({
      status: 'failed',
      error: { message: expect.stringContaining('one: The input 555') },
    });
    await run.close();
  });

  it('has a worker that cannot do the work of a run leave it to others', async () => {
    await using scene = await prompts({ apiKey: 'right' });
    const { rig, engine } = scene;
    // Another one is there, as far as anybody knows, until one comes that has the key.
    const jobs = await openJobs(rig.settings, process.env);
    await jobs.announce({ ...idleWorker('other'), kinds: ['upsample'] });
    jobs.close();
    const run = await rig.host().openRun('left', { workers: 1 });
    await using heard = new Listener(run);
    rig.startWorker('broken', { env: { FARM_KEY: 'wrong' } });
    const keyed = { ...engine, api_key_env: 'FARM_KEY' };
    const tasks = sampleTasks(4, null, 'left');
    for (const [at, task] of tasks.entries()) await run.submit({ batch_id: at, tasks: [task] }, keyed);
    const isRefused = (event: HostEvent) => event.type === 'machine-changed' && event.state === 'refused';
    await waitFor(() => heard.events.some(isRefused));
    rig.startWorker('able', { env: { FARM_KEY: 'right' } });
    await heard.until(4);
    expect([...heard.results.values()].map(({ status }) => status)).toEqual(['ok', 'ok', 'ok', 'ok']);
    await run.close();
  });

  it('drains: ends when nothing is left to do', async () => {
    await using scene = await prompts();
    const { rig, engine } = scene;
    const run = await rig.host().openRun('drained', { workers: 1 });
    await run.submit({ batch_id: 0, tasks: sampleTasks(3, null, 'drain') }, engine);
    const worker = rig.startWorker('one', { isDraining: true });
    await new Promise((resolve) => worker.once('exit', resolve));
    expect(worker.exitCode).toBe(0);
    expect((await run.finishedKeys()).size).toBe(3);
    await run.close();
  });

  it('makes the videos of prompts with the model of whichever worker takes them, each once', async () => {
    await using rig = await QueueRig.start();
    const programs = join(rig.folder, 'programs');
    await mkdir(programs);
    await bundleModelPrograms(programs);
    const journal = join(rig.folder, 'journal.jsonl');
    const environment = { ...process.env, ...programEnvironment(programs, journal) };
    for (const name of ['one', 'two']) rig.startWorker(name, { env: environment });
    const clip = { width: 64, height: 36, frames: 2, fps: 2, codec: 'mjpeg' } as const;
    const path = await makeClip(join(rig.folder, 'hint.mp4'), clip);
    const object = { sha256: await hashFile(path), path, sizeBytes: (await stat(path)).size };
    const prompts = ['a lighthouse', 'a harbour', 'a bridge', 'a mill'];
    const tasks = videoTasks(prompts, object.sha256);
    const run = await rig.host().openRun('videos', { workers: 1 });
    await using heard = new Listener(run);
    await run.deliver([object]);
    for (const batch of [0, 1])
      await run.submit(
        { batch_id: batch, tasks: tasks.slice(2 * batch, 2 * batch + 2) },
        sampleProgram('transfer1'),
      );
    await heard.until(4);
    for (const [at, { task_key: key }] of tasks.entries()) {
      const { status, video } = heard.results.get(key) ?? {};
      expect(status).toBe('ok');
      const fetched = join(rig.folder, `${at}.mp4`);
      if (video) await run.downloadOutput(key, video, fetched);
      expect(isMarked(fetched, markerOf(prompts[at] ?? ''))).toBe(true);
    }
    const lines = (await readFile(journal, 'utf8')).trim().split('\n');
    const made = lines.map((line) => JSON.parse(line)).filter(({ event }) => event === 'video');
    expect(made.map(({ prompt }) => prompt).sort()).toEqual([...prompts].sort());
    await run.close();
  });

  it('connects again when its connection is dead without a word', async () => {
    await using rig = await QueueRig.start();
    const link = await startFaultProxy(Number(new URL(rig.redis.url).port));
    const url = `redis://127.0.0.1:${link.port}`;
    const jobs = await openJobs({ ...rig.settings, url }, process.env, 300);
    link.halfOpen();
    const answer = jobs.redis.ping();
    await waitFor(() => link.connectionCount > 1);
    link.heal();
    expect(await answer).toBe('PONG');
    jobs.close();
    await link.stop();
  });

  it('lets one machine work on a run at a time', async () => {
    await using rig = await QueueRig.start();
    const run = await rig.host('here').openRun('wanted', { workers: 1 });
    const other = rig.host('elsewhere').openRun('wanted', { workers: 1 });
    await expect(other).rejects.toMatchObject({ code: 'run-locked', message: /on here works on run wanted/ });
    await run.close();
    await (await rig.host('elsewhere').openRun('wanted', { workers: 1 })).close();
  });

  it('works over TLS as an ACL user who may do no more than is needed', async () => {
    process.env['COSMOS_TEST_PASSWORD'] = 'a-secret';
    await using rig = await QueueRig.start(
      { isTls: true, user: { name: 'worker', password: 'a-secret', keys: 'farm:*' } },
      (redis) => ({
        prefix: 'farm',
        username: 'worker',
        password_env: 'COSMOS_TEST_PASSWORD',
        tls_ca_file: join(redis.folder, 'ca.crt'),
      }),
    );
    const server = await startStandInServer({ slots: 2, latencyMs: 20 });
    rig.startWorker('one');
    const run = await rig.host().openRun('secure', { workers: 1 });
    await using heard = new Listener(run);
    await run.submit({ batch_id: 0, tasks: sampleTasks(2, null, 'secure') }, sampleEngine(server.baseUrl));
    await heard.until(2);
    await run.close();
    process.env['COSMOS_TEST_PASSWORD'] = 'wrong';
    await expect(rig.host().openRun('secure', { workers: 1 })).rejects.toMatchObject({
      code: 'host-auth-failed',
    });
    await server.stop();
  });
});
