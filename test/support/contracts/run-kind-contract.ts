import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type RunEnding, runEndingSchema } from '../../../src/core/run/run-ending.ts';
import { AppError } from '../../../src/errors/app-error.ts';
import { type Cancellation, cancelRun } from '../../../src/services/runs/cancel-run.ts';
import { listAllRuns, type RunRow } from '../../../src/services/runs/list-runs.ts';
import { reportRun } from '../../../src/services/runs/read-run.ts';
import type { RunSummary } from '../../../src/services/runs/run-kind.ts';
import { holdLockElsewhere, killHolder } from '../lock-holder.ts';
import { settle } from '../manual-clock.ts';
import { unreachableError } from '../memory-upkeep.ts';
import { kindsOf, type RunScene, StopError, stopAfterFirst, TestSession } from './run-scene.ts';

/** What the lifecycle does for runs of every kind. */
export function describeRunKind(name: string, makeScene: () => Promise<RunScene>): void {
  const complete = { error: null, summary: { status: 'complete', is_resumable: false } };

  describe(`${name}: a host that cannot be reached`, () => {
    it('before anything was submitted ends the run as failed, and it resumes when the host is back', async () => {
      const scene = await makeScene();
      scene.host.failure = unreachableError('connect ETIMEDOUT');
      const session = new TestSession(scene);
      const { summary, error, isAnythingDone } = await session.begin();
      expect(summary.status).toBe('failed');
      expect(isAnythingDone).toBe(false);
      expect(error).toMatchObject({ code: 'host-unreachable', exitCode: 4 });
      expect(error?.message).toContain('nothing more is known to be submitted');
      expect(error?.nextStep).toContain(`cosmos resume ${summary.run_id}`);
      expect(session.events.at(-1)).toMatchObject({ type: 'run-finished', status: 'failed' });
      await expectEnding(scene, 'failed', { code: 'host-unreachable', next_step: error?.nextStep });
      await expect(cancel(scene)).rejects.toMatchObject({ code: 'host-unreachable' });
      scene.host.failure = null;
      expect(await new TestSession(scene).resume()).toMatchObject(complete);
      expectEachAskedOnce(scene);
    });

    it('after the first result leaves the rest to it, and attaching completes the run', async () => {
      const scene = await makeScene();
      scene.host.answersUntilLoss = 1;
      const session = new TestSession(scene);
      const { summary, error } = await session.begin();
      expect(summary.status).toBe('detached');
      expect(error).toMatchObject({ code: 'host-unreachable', exitCode: 4 });
      const { taskNoun } = scene.kind;
      expect(error?.message).toMatch(
        new RegExp(
          `^memory is unreachable since \\d\\d:\\d\\d:\\d\\d: 1 of ${scene.taskCount} ${taskNoun} are here, ` +
            '[1-9]\\d* more are submitted and keep running',
        ),
      );
      expect(error?.nextStep).toContain(`cosmos attach ${summary.run_id}`);
      expect(session.events.at(-1)).toMatchObject({ type: 'run-finished', status: 'detached' });
      expect(await rowOf(scene)).toMatchObject({ tasks: { done: 1, failed: 0, total: scene.taskCount } });
      await expectEnding(scene, 'detached', { code: 'host-unreachable', next_step: error?.nextStep });
      scene.host.answersUntilLoss = null;
      expect(await new TestSession(scene).resume()).toMatchObject(complete);
      expectEachAskedOnce(scene);
    });
  });

  describe(`${name}: a run that is stopped`, () => {
    it('at any of its events ends its events, and resumes to the end without asking twice', async () => {
      const whole = new TestSession(await makeScene());
      await whole.begin();
      const types = new Set(whole.types).difference(new Set(['run-finished']));
      expect([...types]).toEqual(expect.arrayContaining(['run-started', 'batch-submitted']));
      for (const type of types) {
        const scene = await makeScene();
        const session = new TestSession(scene, (event) => event.type === type && session.stop());
        const end = await session.begin().catch((error: unknown) => error);
        // What is stopped by its very last event has nothing left to do.
        if (end instanceof StopError)
          expect(session.events.at(-1)).toMatchObject({ type: 'run-finished', status: 'failed' });
        else expect(end, type).toMatchObject(complete);
        expect(await new TestSession(scene).resume(), type).toMatchObject(complete);
        expectEachAskedOnce(scene);
      }
    });

    it('with tasks in flight does those again that were not finished, and only those', async () => {
      const scene = await makeScene();
      await stopAfterFirst(scene);
      expect(await rowOf(scene)).toMatchObject({ tasks: { done: 1, failed: 0, total: scene.taskCount } });
      await expectEnding(scene, 'unfinished', { code: 'interrupted', message: new StopError().message });
      const resumed = new TestSession(scene);
      expect(await resumed.resume()).toMatchObject(complete);
      expect(resumed.events.filter((event) => scene.kind.isAnswerFromHost(event))).toHaveLength(
        scene.taskCount - 1,
      );
      expectEachAskedOnce(scene);
    });
  });

  describe(`${name}: a run that its user leaves while its host works`, () => {
    it('keeps running there, says so, and attaching brings everything home', async () => {
      const scene = await makeScene();
      scene.host.pauseAfter(1);
      const session = new TestSession(scene, (event) => {
        if (scene.kind.isAnswerFromHost(event)) session.leave();
      });
      const { summary, error, leftBy } = await session.begin();
      expect([summary.status, error, leftBy]).toEqual(['detached', null, expect.any(StopError)]);
      // What was not submitted yet is handed over first.
      const submitted = session.events.flatMap(({ tasks = 0 }) => tasks).reduce((sum, tasks) => sum + tasks);
      expect(submitted).toBe(scene.taskCount);
      expect(scene.host.stopped).toEqual([]);
      const { code, message } = await expectEnding(scene, 'detached', {
        next_step: `Follow it with: cosmos attach ${summary.run_id}`,
      });
      expect([code, message]).toEqual(['detached', expect.stringContaining('keeps running on memory')]);
      await scene.host.proceed();
      expect(await new TestSession(scene).resume()).toMatchObject(complete);
      expectEachAskedOnce(scene);
    });
  });

  describe(`${name}: a journal`, () => {
    it('that was torn is mended and told of, and what it lacks is found on the host', async () => {
      const scene = await makeScene();
      const session = await stopAfterFirst(scene);
      const first = session.events.findIndex((event) => scene.kind.isAnswerFromHost(event));
      const path = join(session.runFolder, 'journal.jsonl');
      const lines = (await readFile(path, 'utf8')).split('\n');
      // A power cut in the middle of the line of the first result.
      const kept = [...lines.slice(0, first), (lines[first] ?? '').slice(0, 40)].join('\n');
      await truncate(path, Buffer.byteLength(kept));
      const resumed = new TestSession(scene);
      expect(await resumed.resume()).toMatchObject(complete);
      expect(resumed.notices).toContainEqual(expect.stringContaining('half-written'));
      expect(resumed.events[0]).toMatchObject({ type: 'run-started', seq: first });
      expectEachAskedOnce(scene);
    });

    it('that is damaged before its end is refused, and nothing is changed', async () => {
      const scene = await makeScene();
      const { runFolder } = await stopAfterFirst(scene);
      const path = join(runFolder, 'journal.jsonl');
      await writeFile(path, (await readFile(path, 'utf8')).replace('"seq":1', '"seq":7'));
      await expectRefused(scene, { code: 'checkpoint-damaged', exitCode: 6 });
    });
  });

  describe(`${name}: inputs that changed`, () => {
    it('while tasks are pending are named, and nothing is changed unless they are taken', async () => {
      const scene = await makeScene();
      await stopAfterFirst(scene);
      const names = await scene.changeInputs();
      if (scene.takesChanged) {
        const resumed = new TestSession(scene);
        expect(await resumed.resume()).toMatchObject(complete);
        const told = resumed.notices.join('\n');
        // What is finished stays as it is.
        expect(names.filter((name) => told.includes(name))).toHaveLength(names.length - 1);
        return;
      }
      const error = await expectRefused(scene, { code: 'checkpoint-mismatch', exitCode: 6 });
      // An input of its own is no longer needed by the task that is done.
      const needed = Math.max(1, names.length - 1);
      expect(names.filter((input) => error.message.includes(input))).toHaveLength(needed);
      expect(error.message).not.toContain('is finished');
    });

    it('since the run was finished are counted and named, with the command for a new run', async () => {
      const scene = await makeScene();
      const { summary } = await new TestSession(scene).begin();
      const names = await scene.changeInputs();
      const error = await expectRefused(scene, { code: 'checkpoint-mismatch', exitCode: 6 });
      const inputs = names.length === 1 ? '1 input has' : `${names.length} inputs have`;
      expect(error.message).toContain(`Run ${summary.run_id} is finished, and ${inputs} changed since: `);
      for (const input of names) expect(error.message).toContain(input);
      expect(error.nextStep).toContain(scene.kind.command);
      expect(error.nextStep).not.toContain('cosmos resume');
    });

    it('not at all leave a finished run finished, and nothing is asked', async () => {
      const scene = await makeScene();
      await new TestSession(scene).begin();
      const resumed = new TestSession(scene);
      expect(await resumed.resume()).toMatchObject(complete);
      expect(resumed.types).toEqual(['run-started', 'run-finished']);
      expectEachAskedOnce(scene);
    });
  });

  describe(`${name}: a run that is left to its host`, () => {
    it('is completed by attaching, and nothing is asked twice', async () => {
      const scene = await makeScene();
      await detach(scene);
      await scene.host.proceed();
      expect(await new TestSession(scene).resume()).toMatchObject(complete);
      expectEachAskedOnce(scene);
    });

    it('is attached to while its host still works', async () => {
      const scene = await makeScene();
      await detach(scene);
      const session = new TestSession(scene, (event) => {
        if (event.type === 'batch-submitted') void scene.host.proceed();
      });
      expect(await session.resume()).toMatchObject(complete);
      expectEachAskedOnce(scene);
    });

    it('tells of a task that failed meanwhile, and tries it again only when it is resumed once more', async () => {
      const scene = await makeScene();
      await detach(scene);
      scene.host.failuresToCome = 1;
      await scene.host.proceed();
      const attached = new TestSession(scene);
      const { summary, error } = await attached.resume();
      expect(error).toBeNull();
      expect(summary).toMatchObject({ status: 'partial', is_resumable: true });
      expect(attached.events.filter((event) => scene.kind.isAnswerFromHost(event))).toHaveLength(
        scene.taskCount,
      );
      expectEachAskedOnce(scene);
      expect(await new TestSession(scene).resume()).toMatchObject(complete);
      expect(scene.host.asked).toHaveLength(scene.taskCount + 1);
    });
  });

  it(`${name}: a task that failed is tried again when the run is resumed, and no other`, async () => {
    const scene = await makeScene();
    scene.host.failuresToCome = 1;
    const { summary, error } = await new TestSession(scene).begin();
    expect(error).toBeNull();
    expect(summary).toMatchObject({ status: 'partial', is_resumable: true });
    expect(await rowOf(scene)).toMatchObject({
      status: 'partial',
      tasks: { done: scene.taskCount - 1, failed: 1, total: scene.taskCount },
    });
    expect(await new TestSession(scene).resume()).toMatchObject(complete);
    const [failed] = scene.host.asked;
    expect(scene.host.asked.filter((key) => key === failed)).toHaveLength(2);
    expect(scene.host.asked).toHaveLength(scene.taskCount + 1);
  });

  describe(`${name}: cancelling`, () => {
    it('a run that was left to its host stops it there, and the run can be resumed', async () => {
      const scene = await makeScene();
      const { run_id: runId } = await detach(scene);
      expect(await cancel(scene)).toMatchObject({
        run_id: runId,
        kind: scene.kind.format.kind,
        was_running: false,
        is_ended: false,
        tasks: { done: 0, failed: 0, total: scene.taskCount },
      });
      expect(scene.host.stopped).toEqual([runId]);
      await expectEnding(scene, 'unfinished', {
        code: 'cancelled',
        next_step: `Continue with: cosmos resume ${runId}`,
      });
      await scene.host.proceed();
      expect(scene.host.asked).toEqual([]);
      expect(await new TestSession(scene).resume()).toMatchObject(complete);
      expectEachAskedOnce(scene);
    });

    it('a run that a process works on has that process leave first', async () => {
      const scene = await makeScene();
      scene.host.pauseAfter(0);
      const submitted = Promise.withResolvers<void>();
      const session = new TestSession(scene, ({ type }) => {
        if (type === 'batch-submitted') submitted.resolve();
      });
      const running = session.begin();
      running.catch(() => undefined);
      await submitted.promise;
      const pids: number[] = [];
      const cancelled = await cancel(scene, (pid) => {
        pids.push(pid);
        session.stop();
      });
      expect(pids).toEqual([process.pid]);
      expect(cancelled).toMatchObject({ was_running: true, is_ended: false });
      await expect(running).rejects.toThrow(StopError);
      expect(session.events.at(-1)).toMatchObject({ type: 'run-finished', status: 'failed' });
      await expectEnding(scene, 'unfinished', { code: 'cancelled' });
      await scene.host.proceed();
      expect(scene.host.asked).toEqual([]);
      expect(await new TestSession(scene).resume()).toMatchObject(complete);
      expectEachAskedOnce(scene);
    });

    it('a run that has ended stops nothing', async () => {
      const scene = await makeScene();
      await new TestSession(scene).begin();
      expect(await cancel(scene)).toMatchObject({ was_running: false, is_ended: true });
      expect(scene.host.stopped).toEqual([]);
      expect(await rowOf(scene)).toMatchObject({ status: 'complete' });
    });
  });

  it(`${name}: events begin with run-started, end with run-finished, and are numbered over all sessions`, async () => {
    const scene = await makeScene();
    const sessions = [await stopAfterFirst(scene), new TestSession(scene), new TestSession(scene)];
    for (const session of sessions.slice(1)) await session.resume();
    for (const { types } of sessions) {
      expect(types[0]).toBe('run-started');
      expect(types.indexOf('run-finished')).toBe(types.length - 1);
      expect(types.lastIndexOf('run-started')).toBe(0);
    }
    const told = sessions.flatMap(({ events }) => events);
    expect(told.map(({ seq }) => seq)).toEqual(told.map((_, index) => index));
    const { events } = await scene.ports.runs.read(scene.kind.format, 'latest');
    expect(events).toEqual(told);
  });

  it(`${name}: run-finished is told when its report and the journal stand, in every session`, async () => {
    const scene = await makeScene();
    const stood: boolean[] = [];
    const newSession = (stopsAt: string) =>
      new TestSession(scene, ({ type }, session) => {
        const report = join(session.runFolder, 'report.json');
        if (type === 'run-started') rmSync(report, { force: true });
        if (type === stopsAt) session.stop();
        if (type !== 'run-finished') return;
        const lines = readFileSync(join(session.runFolder, 'journal.jsonl'), 'utf8').trimEnd().split('\n');
        stood.push(existsSync(report) && (lines.at(-1) ?? '').includes('"run-finished"'));
      });
    await expect(newSession('batch-submitted').begin()).rejects.toThrow(StopError);
    await newSession('none').resume();
    await newSession('none').resume();
    expect(stood).toEqual([true, true, true]);
  });

  it(`${name}: a report that cannot be written is told of, and changes nothing else`, async () => {
    const scene = await makeScene();
    const session = new TestSession(scene, ({ type }) => {
      // A folder stands in its place.
      if (type === 'run-started') mkdirSync(join(session.runFolder, 'report.json', 'x'), { recursive: true });
    });
    expect(await session.begin()).toMatchObject(complete);
    expect(session.notices).toContainEqual(expect.stringContaining('The report could not be written: '));
    expect(session.events.at(-1)).toMatchObject({ type: 'run-finished', status: 'complete' });
    const report = join(session.runFolder, 'report.json');
    await rm(report, { recursive: true });
    expect(await reportRun('latest', kindsOf(scene), scene.ports)).toMatchObject({
      kind: scene.kind.format.kind,
      summary: complete.summary,
    });
    expect(JSON.parse(await readFile(report, 'utf8'))).toMatchObject({ status: 'complete' });
  });

  it(`${name}: a run that another process works on is not resumed`, async () => {
    const scene = await makeScene();
    await stopAfterFirst(scene);
    const { folder } = await scene.ports.runs.locate('latest');
    const holder = await holdLockElsewhere(join(folder, 'run.lock'));
    onTestFinished(() => void holder.kill('SIGKILL'));
    const error = await expectRefused(scene, { code: 'run-locked', exitCode: 5 });
    expect(error.message).toContain(`Process ${holder.pid}`);
    expect(await rowOf(scene)).toMatchObject({ status: 'running' });
    await killHolder(holder);
    expect(await new TestSession(scene).resume()).toMatchObject(complete);
    expectEachAskedOnce(scene);
  });
}

/** Submits everything and leaves; the host is yet to begin. */
async function detach(scene: RunScene): Promise<RunSummary> {
  scene.host.pauseAfter(0);
  const session = new TestSession(scene);
  const { summary, error } = await session.begin(true);
  expect(error).toBeNull();
  expect(summary.status).toBe('detached');
  expect(session.events.at(-1)).toMatchObject({ type: 'run-finished', status: 'detached' });
  expect(await rowOf(scene)).toMatchObject({ status: 'detached' });
  return summary;
}

/** Cancels the latest run. The other process may take as long as it likes to leave. */
async function cancel(scene: RunScene, ask: (pid: number) => void = () => undefined): Promise<Cancellation> {
  const clock = { now: () => 0, sleep: settle };
  return await cancelRun('latest', kindsOf(scene), { ...scene.ports, clock }, ask);
}

/** Resumes the run, which must be refused and leave every file as it is. */
async function expectRefused(
  scene: RunScene,
  facts: { readonly code: string; readonly exitCode: number },
): Promise<AppError> {
  const { folder } = await scene.ports.runs.locate('latest');
  const journal = join(folder, 'journal.jsonl');
  const contentsOf = async () => [
    await readFile(journal, 'utf8'),
    (await readdir(scene.folder, { recursive: true })).sort(),
  ];
  const before = await contentsOf();
  const asked = scene.host.asked.length;
  const session = new TestSession(scene);
  const error = await session.resume().catch((thrown: unknown) => thrown);
  if (!(error instanceof AppError)) throw new Error(`expected an AppError, not ${error}`);
  expect(error).toMatchObject(facts);
  expect(session.events).toEqual([]);
  expect(await contentsOf()).toEqual(before);
  expect(scene.host.asked).toHaveLength(asked);
  return error;
}

/** The latest run, as `cosmos runs` lists it. */
async function rowOf(scene: RunScene): Promise<RunRow | undefined> {
  return (await listAllRuns(kindsOf(scene), scene.ports))[0];
}

/** Lists, the summary and the report that was written last say the same: how the run stands, and why. */
async function expectEnding(
  scene: RunScene,
  status: string,
  ending: Partial<Record<'code' | 'message' | 'next_step', unknown>>,
): Promise<RunEnding> {
  const row = await rowOf(scene);
  const report = JSON.parse(await readFile(join(row?.folder ?? '', 'report.json'), 'utf8'));
  const { summary } = await reportRun('latest', kindsOf(scene), scene.ports);
  const again = JSON.parse(await readFile(join(row?.folder ?? '', 'report.json'), 'utf8'));
  for (const told of [row, report, summary, again]) expect(told).toMatchObject({ status, ending });
  expect(new Set([row, report, summary, again].map((told) => JSON.stringify(told.ending))).size).toBe(1);
  return runEndingSchema.parse(row?.ending);
}

function expectEachAskedOnce({ host, taskCount }: RunScene): void {
  expect(new Set(host.asked).size).toBe(taskCount);
  expect(host.asked).toHaveLength(taskCount);
}
