import { createHash } from 'node:crypto';
import { appendFile, chmod, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { acquireProcessLock } from '../../../../src/adapters/files/process-lock.ts';
import { LocalRunStore } from '../../../../src/adapters/run-store/local-run-store.ts';
import { outputLockName } from '../../../../src/adapters/run-store/run-paths.ts';
import { AppError } from '../../../../src/errors/app-error.ts';
import { holdLockElsewhere, killHolder } from '../../../support/lock-holder.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { sampleCheckpoint, samplePlanned } from '../../../support/sample-checkpoint.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { asUnprivileged } from '../../../support/unprivileged.ts';
import { upsampleRuns } from '../../../support/upsample-runs.ts';

const root = await temporaryFolder();
let folder = '';
let outputDir = '';
let store: ReturnType<typeof upsampleRuns>;
let round = 0;

beforeEach(() => {
  folder = join(root, String(round++), 'checkpoints');
  outputDir = join(folder, '..', 'out');
  store = upsampleRuns(new LocalRunStore(folder, new ManualClock()));
});

const started = { type: 'run-started', run_id: 'r', total: 2, is_resumed: false } as const;

/** A run with three lines in its journal, closed. */
async function storedRun(): Promise<{ runId: string; journal: string; checkpoint: string }> {
  const session = await store.create(sampleCheckpoint(outputDir));
  session.append(started);
  session.append({ type: 'batch-submitted', batch_id: 0, worker_id: 0, tasks: 2 });
  session.append({ type: 'batch-finished', batch_id: 0 });
  await session.flush(true);
  await session.release();
  return { runId: session.runId, journal: session.paths.journal, checkpoint: session.paths.checkpoint };
}

async function refusal(promise: Promise<unknown>): Promise<AppError> {
  const error = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (error instanceof AppError) return error;
  throw new Error(`expected an AppError, not ${error}`);
}

describe('LocalRunStore', () => {
  it('gives back what was put in, over processes', async () => {
    const { runId } = await storedRun();
    const run = await upsampleRuns(new LocalRunStore(folder, new ManualClock())).read(runId);
    expect(run.checkpoint).toEqual(sampleCheckpoint(outputDir));
    expect([...run.events].map(({ seq, type }) => [seq, type])).toEqual([
      [0, 'run-started'],
      [1, 'batch-submitted'],
      [2, 'batch-finished'],
    ]);
    expect(run.isJournalTorn).toBe(false);
  });

  it('goes on counting events where the last session stopped', async () => {
    const { runId } = await storedRun();
    const session = await store.open(runId);
    expect(session.append(started).seq).toBe(3);
    await session.flush(false);
    await session.release();
    expect([...(await store.read(runId)).events].map(({ seq }) => seq)).toEqual([0, 1, 2, 3]);
  });

  it('keeps the order of many appends and flushes at once', async () => {
    const session = await store.create(sampleCheckpoint(outputDir));
    const flushes = Array.from({ length: 200 }, (_, batch_id) => {
      session.append({ type: 'batch-finished', batch_id });
      return session.flush(batch_id % 50 === 0);
    });
    await Promise.all(flushes);
    await session.release();
    const { events } = await store.read(session.runId);
    expect([...events].map((event) => event.type === 'batch-finished' && event.batch_id)).toEqual(
      Array.from({ length: 200 }, (_, index) => index),
    );
  });

  it.each([
    { what: 'its id', reference: (runId: string) => runId },
    { what: 'latest', reference: () => 'latest' },
    { what: 'its folder', reference: (runId: string) => join(folder, runId) },
    { what: 'its checkpoint', reference: (runId: string) => join(folder, runId, 'checkpoint.json') },
  ])('finds a run by $what', async ({ reference }) => {
    const { runId } = await storedRun();
    expect((await store.read(reference(runId))).runId).toBe(runId);
  });

  it.each(['latest', 'nothing', '', '.', '/', 'checkpoint.json', '../x'])(
    'refuses the reference %j',
    async (text) => {
      expect(await refusal(store.open(text))).toMatchObject({ code: 'run-not-found', exitCode: 2 });
    },
  );

  it('lists runs, the newest first, and what else lies there not', async () => {
    for (const run_id of ['20260101-000000-a', '20260103-000000-a', '20260102-000000-a']) {
      await (await store.create(sampleCheckpoint(outputDir, { run_id }))).release();
    }
    await mkdir(join(folder, 'zzz'), { recursive: true });
    await writeFile(join(folder, 'zzz.json'), '{}');
    const listed = await store.list();
    expect(listed.map(({ runId }) => runId.slice(0, 8))).toEqual(['20260103', '20260102', '20260101']);
    expect(listed.every(({ isLocked, ownerPid }) => !isLocked && ownerPid === null)).toBe(true);
  });

  it('lists nothing where there is no folder', async () => expect(await store.list()).toEqual([]));

  it('knows a hint that it keeps, and one that was damaged it keeps anew', async () => {
    const session = await store.create(sampleCheckpoint(outputDir));
    const source = join(root, 'frames.mp4');
    await writeFile(source, 'frames');
    const sha256 = createHash('sha256').update('frames').digest('hex');
    expect(await session.kept('hints/frames.mp4', sha256)).toBeNull();
    const path = await session.keep('hints/frames.mp4', source, sha256);
    expect(await session.kept('hints/frames.mp4', sha256)).toEqual({ path, sizeBytes: 6 });
    for (const damaged of ['', 'frame', 'fRames']) {
      await rm(path);
      await writeFile(path, damaged);
      expect(await session.kept('hints/frames.mp4', sha256)).toBeNull();
      await session.keep('hints/frames.mp4', source, sha256);
      expect(await readFile(path, 'utf8')).toBe('frames');
    }
    await session.release();
  });

  it('keeps a hint once', async () => {
    const session = await store.create(sampleCheckpoint(outputDir));
    const source = join(root, 'hint.mp4');
    await writeFile(source, 'frames');
    const kept = await session.keep('hints/ab.mp4', source, 'ab');
    expect(await session.keep('hints/ab.mp4', source, 'ab')).toBe(kept);
    expect(await readFile(kept, 'utf8')).toBe('frames');
    await session.release();
  });
});

describe('who works on a run', () => {
  it('is told with its machine, and with a pid only where that means something', async () => {
    const { runId } = await storedRun();
    expect(await store.owner(runId)).toBeNull();
    const facts = { process_start: null, acquired_at: 'then', token: 't' };
    const lock = join(folder, runId, 'run.lock');
    await writeFile(lock, JSON.stringify({ ...facts, pid: process.pid, host: 'elsewhere' }));
    expect(await store.owner(runId)).toEqual({
      pid: process.pid,
      machine: 'elsewhere',
      isHere: false,
      isProven: false,
    });
    expect((await store.list())[0]).toMatchObject({ isLocked: true, ownerPid: null });
    await writeFile(lock, JSON.stringify({ ...facts, pid: process.pid, host: hostname() }));
    const named = { pid: process.pid, machine: hostname(), isHere: true };
    // Only Linux tells when a process was started.
    expect(await store.owner(runId)).toEqual({ ...named, isProven: process.platform !== 'linux' });
    expect((await store.list())[0]).toMatchObject({ isLocked: true, ownerPid: process.pid });
    await rm(lock);
    const held = await acquireProcessLock(lock);
    expect(await store.owner(runId)).toEqual({ ...named, isProven: true });
    // As some disks have it, such as those of Windows in Linux.
    await chmod(lock, 0o777);
    expect((await store.owner(runId))?.isProven).toBe(true);
    if (held.isHeld) await held.release();
  });
});

describe('folders that cannot be used', () => {
  it.each([
    { rule: 'a file where the output belongs', out: 'file', reason: 'a file is in its place' },
    { rule: 'a file above where the output belongs', out: 'file/out', reason: 'a file is in its place' },
    { rule: 'no right to make the output', out: 'mine/out', reason: 'this user may not write there' },
    { rule: 'no right to write to the output', out: 'mine', reason: 'this user may not write there' },
    { rule: 'a broken link as the output', out: 'broken', reason: 'ENOENT' },
  ])('$rule: is told with the flag, and no run is left', async ({ out, reason }) => {
    const home = join(folder, '..');
    await mkdir(join(home, 'mine'), { recursive: true, mode: 0o755 });
    await mkdir(folder, { mode: 0o777 });
    await chmod(folder, 0o777);
    await chmod(root, 0o755);
    await writeFile(join(home, 'file'), '');
    await symlink('nowhere/at/all', join(home, 'broken'));
    const output = join(home, out);
    if (process.geteuid?.() !== 0) await chmod(join(home, 'mine'), 0o555);
    const error = await refusal(asUnprivileged(() => store.create(sampleCheckpoint(output))));
    expect(error).toMatchObject({ code: 'usage-invalid', exitCode: 2 });
    expect(error.message).toContain(`output folder ${output} cannot be used: ${reason}`);
    expect(error.nextStep).toContain('--output-dir');
    expect(await readdir(folder)).toEqual([]);
  });

  it('a file where the runs belong: is told with the flag', async () => {
    await mkdir(join(folder, '..'), { recursive: true });
    await writeFile(folder, '');
    const error = await refusal(store.create(sampleCheckpoint(outputDir)));
    expect(error).toMatchObject({ code: 'usage-invalid', exitCode: 2 });
    expect(error.message).toContain(`checkpoint folder ${folder} cannot be used`);
    expect(error.nextStep).toContain('--checkpoint-dir');
  });

  it('let go of the run that is resumed', async () => {
    const { runId } = await storedRun();
    await rm(outputDir, { recursive: true });
    await writeFile(outputDir, '');
    expect(await refusal(store.open(runId))).toMatchObject({ code: 'usage-invalid' });
    expect((await store.list())[0]).toMatchObject({ isLocked: false });
    expect(await readdir(join(folder, runId))).toEqual(['checkpoint.json', 'journal.jsonl']);
  });
});

describe('the locks', () => {
  it('refuse a run that another process works on', async () => {
    const { runId } = await storedRun();
    const holder = await holdLockElsewhere(join(folder, runId, 'run.lock'));
    const error = await refusal(store.open(runId));
    expect(error).toMatchObject({ code: 'run-locked', exitCode: 5 });
    expect(error.message).toContain(String(holder.pid));
    expect((await store.list())[0]).toMatchObject({ isLocked: true, ownerPid: holder.pid });
    expect((await store.read(runId)).runId).toBe(runId);
    await killHolder(holder);
    expect((await store.list())[0]).toMatchObject({ isLocked: false, ownerPid: null });
    await (await store.open(runId)).release();
  });

  it('refuse an output folder that another run writes to, and let go of the run', async () => {
    const { runId } = await storedRun();
    const holder = await holdLockElsewhere(join(outputDir, outputLockName));
    const error = await refusal(store.open(runId));
    expect(error.message).toContain(outputDir);
    expect(await refusal(store.create(sampleCheckpoint(outputDir, { run_id: 'other-run' })))).toMatchObject({
      code: 'run-locked',
    });
    expect(await readdir(folder)).toEqual([runId]);
    await killHolder(holder);
    await (await store.open(runId)).release();
    expect(await readdir(outputDir)).toEqual([]);
  });

  it('taken over from the dead, clear up also where links of sources lead', async () => {
    const home = join(folder, '..');
    for (const name of ['in', 'store']) await mkdir(join(home, name), { recursive: true });
    await writeFile(join(home, 'store', 'real.json'), '{}');
    await symlink('../store/real.json', join(home, 'in', 'a.json'));
    await writeFile(join(home, 'store', 'real.json.0123456789ab.tmp'), 'half');
    await killHolder(await holdLockElsewhere(join(outputDir, outputLockName)));
    const plain = sampleCheckpoint(outputDir, { input_root: join(home, 'in') });
    const settings = { ...plain.settings, write_back: true };
    await (await store.create({ ...plain, settings })).release();
    expect(await readdir(join(home, 'store'))).toEqual(['real.json']);
  });

  it('taken over from the dead, clear up what they left half-written, and only that', async () => {
    const { runId } = await storedRun();
    await killHolder(await holdLockElsewhere(join(outputDir, outputLockName)));
    const stays = ['a.json.tmp', 'other.json.0123456789ab.tmp', 'a.json.0123456789zz.tmp', 'a.json'];
    await mkdir(join(outputDir, 'b'));
    const goes = [
      join(outputDir, 'a.json.0123456789ab.tmp'),
      join(outputDir, 'b', 'c.json.0123456789ab.tmp'),
    ];
    for (const path of [...stays.map((name) => join(outputDir, name)), ...goes]) await writeFile(path, 'x');
    await (await store.open(runId)).release();
    expect((await readdir(outputDir)).sort()).toEqual([...stays, 'b'].sort());
    expect(await readdir(join(outputDir, 'b'))).toEqual([]);
  });
});

describe('a journal', () => {
  it('that ends in half a line loses it, is told, and goes on', async () => {
    const { runId, journal } = await storedRun();
    await appendFile(journal, '{"version":1,"seq":3,"ti');
    expect(await store.read(runId)).toMatchObject({ isJournalTorn: true, events: { length: 3 } });
    const session = await store.open(runId);
    expect(session.isJournalTorn).toBe(true);
    expect(session.append(started).seq).toBe(3);
    await session.flush(true);
    await session.release();
    expect(await store.read(runId)).toMatchObject({ isJournalTorn: false, events: { length: 4 } });
  });

  it('that is missing altogether is empty', async () => {
    const session = await store.create(sampleCheckpoint(outputDir));
    await session.release();
    expect((await store.read(session.runId)).events).toEqual([]);
  });

  it.each([
    { rule: 'a line that is no JSON', change: (lines: string[]) => lines.with(1, '{"version":1,') },
    { rule: 'an empty line', change: (lines: string[]) => lines.with(1, '') },
    { rule: 'a line that is missing', change: (lines: string[]) => lines.toSpliced(1, 1) },
    {
      rule: 'a line that is there twice',
      change: (lines: string[]) => lines.toSpliced(1, 0, lines[1] ?? ''),
    },
    {
      rule: 'an event of the future',
      change: (lines: string[]) => lines.with(1, lines[1]?.replace('batch-', 'x-') ?? ''),
    },
    { rule: 'zeros', change: (lines: string[]) => lines.with(2, '\0\0\0\0') },
  ])('is refused when it holds $rule', async ({ change }) => {
    const { runId, journal, checkpoint } = await storedRun();
    const lines = (await readFile(journal, 'utf8')).split('\n').slice(0, -1);
    const damaged = change(lines)
      .map((line) => `${line}\n`)
      .join('');
    await writeFile(journal, damaged);
    const before = await stat(checkpoint);
    expect(await refusal(store.open(runId))).toMatchObject({ code: 'checkpoint-damaged', exitCode: 6 });
    expect(await readFile(journal, 'utf8')).toBe(damaged);
    expect((await stat(checkpoint)).mtimeMs).toBe(before.mtimeMs);
    expect(await readdir(outputDir)).toEqual([]);
  });
});

describe('a checkpoint', () => {
  // Names that look like its own lines, and that other readers of lines take for their ends.
  const names = ['a\u2028b.json', ']', '],"specs":[', 'tab\there\nand there', '{', ',', 'a"b\\', 'é.json'];
  const hostile = () =>
    sampleCheckpoint(outputDir, {
      inputs: names,
      batches: [{ batch_id: 0, total_tokens: 100, specs: names }],
      specs: names.map((name) => samplePlanned(name)),
    });

  it('gives back the strangest names, and lists that are empty', async () => {
    const session = await store.create(hostile());
    await session.release();
    expect((await store.read(session.runId)).checkpoint).toEqual(hostile());
    const none = { run_id: '20260110-093000-bcdefa', inputs: [], batches: [], specs: [] };
    const empty = await store.create(sampleCheckpoint(outputDir, none));
    await empty.release();
    expect((await store.read(empty.runId)).checkpoint).toMatchObject(none);
  });

  it.each([
    ['on one line, as older versions wrote it', (text: string) => JSON.stringify(JSON.parse(text))],
    ['with other lines', (text: string) => JSON.stringify(JSON.parse(text), null, 2)],
    ['with lists that are broken elsewhere', (text: string) => text.replaceAll('\n{', '\n{\n')],
  ])('is read %s', async (_how, rewrite) => {
    const session = await store.create(hostile());
    await session.release();
    const { checkpoint } = session.paths;
    await writeFile(checkpoint, rewrite(await readFile(checkpoint, 'utf8')));
    expect((await store.read(session.runId)).checkpoint).toEqual(hostile());
  });

  it.each([
    { rule: 'of another version', change: () => '{"version":2}', code: 'checkpoint-version' },
    { rule: 'that is empty', change: () => '', code: 'checkpoint-damaged' },
    { rule: 'that is cut off', change: (text: string) => text.slice(0, -30), code: 'checkpoint-damaged' },
    { rule: 'that is something else', change: () => '[]', code: 'checkpoint-damaged' },
    {
      rule: 'with a spec that no batch holds',
      change: (text: string) => text.replace('"specs":["a.json","b/c.json"]', '"specs":["a.json"]'),
      code: 'checkpoint-damaged',
    },
    {
      rule: 'with a spec in two batches',
      change: (text: string) => text.replace('"specs":["a.json","b/c.json"]', '"specs":["a.json","a.json"]'),
      code: 'checkpoint-damaged',
    },
    {
      rule: 'without its specs',
      change: (text: string) => text.replace('"specs":[\n{', '"spec":[\n{'),
      code: 'checkpoint-damaged',
    },
  ])('$rule is refused', async ({ change, code }) => {
    const { runId, checkpoint } = await storedRun();
    await writeFile(checkpoint, change(await readFile(checkpoint, 'utf8')));
    const error = await refusal(store.open(runId));
    expect(error).toMatchObject({ code, exitCode: 6 });
    expect(error.message).toContain(checkpoint);
    expect(error.nextStep).not.toBeNull();
  });
});
