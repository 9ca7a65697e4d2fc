import { execFileSync } from 'node:child_process';
import { mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { AppendLog } from '../../../../src/adapters/files/append-log.ts';
import { acquireProcessLock, readLockOwner } from '../../../../src/adapters/files/process-lock.ts';
import { publishFile } from '../../../../src/adapters/files/publish-file.ts';
import { PartFile } from '../../../../src/adapters/muxing/part-file.ts';
import { JournalWriter, readJournal } from '../../../../src/adapters/run-store/journal.ts';
import { SampleJournal } from '../../../../src/adapters/video/assembly/sample-journal.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

const root = await temporaryFolder();
const isPosix = process.platform !== 'win32';
let next = 0;
let victim = '';
let path = '';

/** Where a file of cosmos belongs, a link was planted to a file of the user's. */
beforeEach(async () => {
  const folder = join(root, String(next++));
  await mkdir(folder);
  victim = join(folder, 'victim');
  path = join(folder, 'planted');
  await writeFile(victim, 'no newline at its end');
  await symlink(victim, path);
});

afterEach(async () => expect(await readFile(victim, 'utf8')).toBe('no newline at its end'));

describe.runIf(isPosix)('what a planted link leads to stays as it is', () => {
  const bodySchema = z.object({ type: z.string() });
  const clock = { now: () => 0, sleep: async () => undefined };
  const torn = { events: [], settings: null, wholeBytes: 0, isTorn: true };

  it.each<[string, () => Promise<unknown>]>([
    ['a journal that is read', () => readJournal(path, bodySchema)],
    ['a journal whose torn end is cut off', () => JournalWriter.open(path, torn, clock)],
    ['a journal that is appended to', () => JournalWriter.open(path, { ...torn, isTorn: false }, clock)],
    ['the journal of a video', () => SampleJournal.open(path)],
    ['the part file of a video that is continued', () => PartFile.open(path, 5)],
  ])('%s is refused', async (_what, open) => {
    await expect(open()).rejects.toThrow(/ELOOP|it is a link/);
  });

  it('a cache is used without it', async () => {
    const log = new AppendLog({ path, schema: z.number() });
    await log.put('a', 1);
    await log.settled();
    expect(await log.get('a')).toBe(1);
  });

  it('a published file, a lock and a new part file replace it', async () => {
    await publishFile(path, 'new');
    expect(await readFile(path, 'utf8')).toBe('new');
    await symlink(victim, `${path}.part`);
    await using part = await PartFile.open(`${path}.part`, 0, 0o600);
    await part.write(Buffer.from('frames'));
    expect((await stat(`${path}.part`)).mode & 0o777).toBe(0o600);
    await symlink(victim, `${path}.lock`);
    const lock = await acquireProcessLock(`${path}.lock`);
    expect(lock.isHeld).toBe(true);
    expect((await readLockOwner(`${path}.lock`))?.pid).toBe(process.pid);
  });
});

it.runIf(isPosix)('a planted pipe is not waited for', async () => {
  const pipe = `${path}.pipe`;
  execFileSync('mkfifo', [pipe]);
  await expect(readJournal(pipe, z.object({ type: z.string() }))).rejects.toThrow(/it is a named pipe/);
  const log = new AppendLog({ path: pipe, schema: z.number() });
  await log.put('a', 1);
  await log.settled();
  expect(await readLockOwner(pipe)).toBeNull();
  const lock = await acquireProcessLock(pipe);
  expect(lock.isHeld).toBe(true);
});
