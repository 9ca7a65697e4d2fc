import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { layout } from '../../../../src/protocol/layout.ts';
import { parseProgramOptions } from '../../../../src/worker/options.ts';
import { EventReader } from '../../../support/event-reader.ts';
import { sampleEngine, sampleTasks } from '../../../support/sample-work.ts';
import { type StandIn, startStandInServer } from '../../../support/stand-in-server.ts';
import { waitFor } from '../../../support/wait-for.ts';
import { exitOf } from '../../../support/worker-rig.ts';
import { objectOf, SlotRig } from './slot-rig.ts';

let rig: SlotRig;
let standIn: StandIn;

beforeEach(async () => {
  rig = new SlotRig();
  standIn = await startStandInServer({ latencyMs: 20 });
});

afterEach(async () => {
  await rig.close();
  await standIn.stop();
});

const openRuns = async () => (await rig.status()).runs.map((run) => run.run_id).sort();
const statuses = (results: readonly { status: string }[]) => new Set(results.map((result) => result.status));

describe('a slot', () => {
  it('serves several runs at once, each by the API of a worker', async () => {
    await rig.start();
    const [one, two] = [sampleTasks(12, null, 'first'), sampleTasks(12, null, 'second')];
    const engine = sampleEngine(standIn.baseUrl);
    const answers = await Promise.all([rig.open('run-1'), rig.open('run-2'), rig.open('run-1')]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(answers.map(({ document }) => document.is_adopted)).toEqual([false, false, true]);
    await Promise.all([rig.submit('run-1', 0, engine, one), rig.submit('run-2', 0, engine, two)]);
    expect(statuses(await rig.allResults('run-1', one))).toEqual(new Set(['ok']));
    expect(statuses(await rig.allResults('run-2', two))).toEqual(new Set(['ok']));
    expect(await openRuns()).toEqual(['run-1', 'run-2']);
    expect(rig.remembered().sort()).toEqual(['run-1', 'run-2']);
    expect(standIn.stats.requests).toBe(24);
    const log = readFileSync(join(rig.root, layout.run('run-1'), layout.workerLog(0)), 'utf8');
    expect(log).toContain('worker 0 of run-1 listens');
  });

  it('lets go of a run that is shut down, and opens it again', async () => {
    await rig.start();
    const [before, after] = [sampleTasks(3), sampleTasks(3, null, 'later')];
    const engine = sampleEngine(standIn.baseUrl);
    await rig.open('run-1');
    await rig.open('run-2');
    await rig.submit('run-1', 0, engine, before);
    await rig.allResults('run-1', before);
    await rig.callWorker('run-1', 'POST', '/shutdown', {});
    // Asked for while it stops: waited for.
    expect((await rig.open('run-1')).status).toBe(200);
    await rig.submit('run-1', 1, engine, after);
    await rig.allResults('run-1', after);
    await rig.callWorker('run-1', 'POST', '/shutdown', {});
    await waitFor(async () => (await openRuns()).length === 1);
    await waitFor(() => rig.remembered().join() === 'run-2');
    expect(existsSync(join(rig.root, layout.run('run-1'), layout.workerSocket(0)))).toBe(false);
    expect(standIn.stats.requests).toBe(6);
  });

  it('keeps what goes wrong in one run there', async () => {
    await rig.start();
    mkdirSync(join(rig.root, layout.runs));
    writeFileSync(join(rig.root, layout.run('run-1')), 'a file where the folder ought to be');
    expect((await rig.open('run-1')).status).toBe(500);
    await rig.open('run-2');
    const tasks = sampleTasks(3);
    const engine = sampleEngine(standIn.baseUrl);
    await rig.submit('run-2', 0, engine, tasks);
    await rig.allResults('run-2', tasks);
    expect(rig.remembered()).toEqual(['run-2']);
    rmSync(join(rig.root, layout.run('run-1')));
    expect((await rig.open('run-1')).status).toBe(200);
    // No such server: the run fails, ends after a while, and the slot goes on.
    await rig.submit('run-1', 0, sampleEngine(null), tasks);
    await waitFor(async () => (await openRuns()).join() === 'run-2');
    expect(rig.results('run-1', tasks)).toEqual([]);
  });
});

it('a result that another worker has published meanwhile stands, and is the one that is told', async () => {
  standIn.hold(0, 'number 0 ');
  await rig.start();
  const [first, second] = sampleTasks(2);
  if (!first || !second) throw new Error('two tasks are needed');
  await rig.open('run-1');
  const engine = sampleEngine(standIn.baseUrl);
  await rig.submit('run-1', 0, engine, [first, second]);
  const [model] = await rig.allResults('run-1', [second]);
  const earlier = { ...model, task_key: first.task_key, text: 'What the other worker was answered.' };
  writeFileSync(rig.resultPath('run-1', first.task_key), JSON.stringify(earlier));
  standIn.release();
  await waitFor(() => rig.log.includes('the earlier one stands'));
  expect(rig.results('run-1', [first])).toEqual([earlier]);
  await waitFor(async () => (await rig.status()).runs[0]?.status.completed_tasks === 2);
});

describe('a slot that was killed', () => {
  it('finishes by itself what was submitted, and does nothing twice', async () => {
    const tasks = { 'run-1': sampleTasks(40, null, 'first'), 'run-2': sampleTasks(40, null, 'second') };
    const runs = ['run-1', 'run-2'] as const;
    const finished = () => runs.flatMap((run) => rig.results(run, tasks[run]));
    const first = await rig.start();
    for (const run of runs) {
      await rig.open(run);
      await rig.submit(run, 0, sampleEngine(standIn.baseUrl), tasks[run]);
    }
    const askedAgain: string[] = [];
    let child = first;
    for (const enough of [10, 30, 60]) {
      await waitFor(() => finished().length >= enough);
      child.kill('SIGKILL');
      await exitOf(child);
      const known = runs.flatMap((run) => {
        const done = new Set(rig.results(run, tasks[run]).map((result) => result.task_key));
        return tasks[run].filter((task) => done.has(task.task_key)).map((task) => task.prompt);
      });
      const asksBefore = standIn.stats.asks.length;
      child = await rig.start();
      await waitFor(() => finished().length >= Math.min(80, enough + 10));
      const asked = standIn.stats.asks.slice(asksBefore).map((ask) => ask.text);
      askedAgain.push(...asked.filter((text) => known.includes(text)));
    }
    for (const run of runs) await rig.allResults(run, tasks[run]);
    expect(askedAgain).toEqual([]);
    expect(statuses(finished())).toEqual(new Set(['ok']));
  });

  it('does not go on with a run whose inputs were damaged, until it is opened', async () => {
    const { sha256, content } = objectOf(Buffer.from('no video at all'));
    const hint = { sha256, width: 64, height: 36, frames: 2 };
    const tasks = sampleTasks(2, hint);
    const child = await rig.start();
    await rig.post('/accept_object', { path: rig.upload('hint', content), sha256 });
    await rig.open('run-1');
    child.kill('SIGKILL');
    await exitOf(child);
    writeFileSync(rig.objectPath(sha256), 'torn');
    rig.writeManifest('run-1', 0, sampleEngine(standIn.baseUrl), tasks);
    await rig.start();
    await waitFor(() => rig.log.includes('1 of its inputs are not whole'));
    expect(await openRuns()).toEqual([]);
    expect(existsSync(rig.objectPath(sha256))).toBe(false);
    await rig.open('run-1');
    expect((await rig.allResults('run-1', tasks)).length).toBe(2);
  });

  it.each([
    { rule: 'half a file', content: '{"version":1,"runs":[{"run' },
    { rule: 'nothing', content: '' },
    { rule: 'a path for a run', content: '{"version":1,"runs":[{"run_id":"../../x"}]}' },
    { rule: 'another version', content: '{"version":2,"runs":[]}' },
  ])('starts with $rule for its memory, too', async ({ content }) => {
    mkdirSync(join(rig.root, layout.slots));
    writeFileSync(join(rig.root, layout.slotState(0)), content);
    await rig.start();
    await waitFor(() => rig.log.includes('no run is opened again'));
    await rig.open('run-1');
    expect(rig.remembered()).toEqual(['run-1']);
  });

  it('forgets a run that is gone from the disk', async () => {
    mkdirSync(join(rig.root, layout.slots));
    writeFileSync(join(rig.root, layout.slotState(0)), '{"version":1,"runs":[{"run_id":"gone-run"}]}');
    await rig.start();
    await waitFor(() => rig.remembered().length === 0);
    expect(existsSync(join(rig.root, layout.runs))).toBe(false);
  });
});

describe('the end of a slot', () => {
  it('comes when nothing was to do for long enough', async () => {
    const tasks = sampleTasks(3);
    rig.writeManifest('run-1', 0, sampleEngine(standIn.baseUrl), tasks);
    rig.remember('run-1');
    expect(await exitOf(rig.spawn(['--idle-timeout-ms', '700']))).toBe(0);
    expect(rig.results('run-1', tasks).length).toBe(3);
    expect(rig.remembered()).toEqual([]);
    expect(existsSync(rig.socketPath)).toBe(false);
  });

  it('does not come while somebody reads', async () => {
    // It has something to do until somebody reads.
    standIn.hold();
    rig.writeManifest('run-1', 0, sampleEngine(standIn.baseUrl), sampleTasks(1));
    rig.remember('run-1');
    const child = rig.spawn(['--idle-timeout-ms', '300']);
    const stream = await rig.openEvents('run-1');
    const reader = new EventReader(stream);
    standIn.release();
    await reader.idleFor(900);
    expect(child.exitCode).toBe(null);
    stream.destroy();
    expect(await exitOf(child)).toBe(0);
  });

  it.each([
    { rule: 'SIGTERM with work left is told from a good end', left: 60, code: 143, remembered: ['run-1'] },
    { rule: 'SIGTERM with all work done', left: 0, code: 0, remembered: [] },
  ])('$rule', async ({ left, code, remembered }) => {
    const child = await rig.start();
    const tasks = sampleTasks(4 + left);
    standIn.hold(4);
    await rig.open('run-1');
    await rig.submit('run-1', 0, sampleEngine(standIn.baseUrl), tasks);
    await waitFor(() => rig.results('run-1', tasks).length === 4);
    child.kill('SIGTERM');
    await waitFor(() => rig.log.includes('stopping'));
    standIn.release();
    expect(await exitOf(child)).toBe(code);
    expect(rig.results('run-1', tasks).length).toBe(standIn.stats.answered);
    expect(rig.remembered()).toEqual(remembered);
    expect(existsSync(rig.socketPath)).toBe(false);
    if (left === 0) return;
    await rig.start();
    await rig.allResults('run-1', tasks);
    expect(standIn.stats.requests).toBe(tasks.length);
  });

  it('by /shutdown waits for what is in flight, opens nothing more, and is a good end', async () => {
    standIn.setFault({ fault: { kind: 'hang' } });
    const child = await rig.start();
    await rig.open('run-1');
    await rig.submit('run-1', 0, sampleEngine(standIn.baseUrl), sampleTasks(1));
    await waitFor(() => standIn.stats.requests === 1);
    expect((await rig.post('/shutdown', { drain_ms: 60_000 })).status).toBe(202);
    await waitFor(() => rig.log.includes('stopping'));
    expect((await rig.open('run-2')).code).toBe('shutting-down');
    await rig.post('/shutdown', {});
    expect(await exitOf(child)).toBe(0);
    expect(rig.remembered()).toEqual(['run-1']);
  });
});

describe('one process per slot', () => {
  it('refuses a second one, which ends well and says so', async () => {
    await rig.start();
    expect(await exitOf(rig.spawn())).toBe(0);
    expect(rig.log).toContain('is served already');
    expect((await rig.call('GET', '/healthz')).status).toBe(200);
  });

  it('of several that start at once one stays', async () => {
    const children = [rig.spawn(), rig.spawn(), rig.spawn()];
    await waitFor(() => children.filter((child) => child.exitCode !== null).length === 2);
    expect(children.map((child) => child.exitCode).sort()).toEqual([0, 0, null]);
    expect((await rig.open('run-1')).status).toBe(200);
  });

  it('takes over from one that hangs, which ends when it wakes, and leaves the other alone', async () => {
    const hung = await rig.start();
    await rig.open('run-1');
    hung.kill('SIGSTOP');
    rig.spawn();
    await waitFor(() => rig.log.split('slot 0 listens').length === 3);
    await rig.open('run-1');
    hung.kill('SIGCONT');
    expect(await exitOf(hung)).toBe(0);
    expect(await openRuns()).toEqual(['run-1']);
    expect((await rig.callWorker('run-1', 'GET', '/healthz')).status).toBe(200);
  });

  it('ends when its socket is removed, for nobody could reach it', async () => {
    const child = await rig.start();
    rmSync(rig.socketPath);
    expect(await exitOf(child)).toBe(1);
  });
});

describe('the command line', () => {
  it.each([
    { rule: 'a slot that is no number', flags: ['--root', '/tmp', '--slot', 'a'], says: '--slot' },
    { rule: 'a slot and a run', flags: ['--root', '/tmp', '--slot', '0', '--run', 'run-1'], says: '--run' },
    { rule: 'neither', flags: ['--root', '/tmp'], says: '--slot' },
    { rule: 'no root', flags: ['--slot', '0'], says: '--root' },
  ])('refuses $rule', ({ flags, says }) => {
    expect(() => parseProgramOptions(flags)).toThrow(says);
  });
});
