import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import {
  acquireProcessLock,
  isOwnerAlive,
  isOwnerHere,
  readLockOwner,
} from '../../../../src/adapters/files/process-lock.ts';
import { holdLockElsewhere, killHolder } from '../../../support/lock-holder.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { waitFor } from '../../../support/wait-for.ts';

const folder = await temporaryFolder();
let next = 0;
const newPath = () => join(folder, `lock-${next++}`);

/** A lock file as some other process left it. */
async function writeOwner(change: object): Promise<string> {
  const path = newPath();
  const owner = { pid: process.pid, host: hostname(), process_start: null, acquired_at: 'then', token: 't' };
  await writeFile(path, JSON.stringify({ ...owner, ...change }));
  return path;
}

describe('acquireProcessLock', () => {
  it('gives a free lock, and gives it again after its release', async () => {
    const path = newPath();
    for (let round = 0; round < 2; round++) {
      const attempt = await acquireProcessLock(path);
      if (!attempt.isHeld) throw new Error('it is not held');
      expect(attempt.isTakenOver).toBe(false);
      expect((await readLockOwner(path))?.pid).toBe(process.pid);
      await attempt.release();
    }
    expect(await readLockOwner(path)).toBeNull();
  });

  it('refuses a lock that another process holds, and takes it over as soon as that one is killed', async () => {
    const path = newPath();
    const holder = await holdLockElsewhere(path);
    const refused = await acquireProcessLock(path);
    expect(refused).toMatchObject({ isHeld: false, owner: { pid: holder.pid } });
    await killHolder(holder);
    expect(await acquireProcessLock(path)).toMatchObject({ isHeld: true, isTakenOver: true });
  });

  it('refuses a lock that this very process holds', async () => {
    const path = newPath();
    await acquireProcessLock(path);
    expect(await acquireProcessLock(path)).toMatchObject({ isHeld: false, owner: { pid: process.pid } });
  });

  it.each([
    { rule: 'of a process that is gone', change: { pid: 2 ** 22 + 1 } },
    { rule: 'of a process whose number another one has by now', change: { process_start: '1' } },
    { rule: 'that nobody can read', change: { pid: 'x' } },
  ])('takes over a lock $rule', async ({ change }) => {
    const path = await writeOwner(change);
    // Only Linux tells when a process was started.
    if ('process_start' in change && process.platform !== 'linux') return;
    expect(await acquireProcessLock(path)).toMatchObject({ isHeld: true, isTakenOver: true });
    expect((await readLockOwner(path))?.token).not.toBe('t');
  });

  it.each([
    { rule: 'of a living process, its start unknown', change: {} },
    { rule: 'of another machine, which cannot be asked', change: { host: 'elsewhere', pid: 2 ** 22 + 1 } },
  ])('respects a lock $rule', async ({ change }) => {
    const path = await writeOwner(change);
    expect(await acquireProcessLock(path)).toMatchObject({ isHeld: false, owner: { token: 't' } });
    expect((await readLockOwner(path))?.token).toBe('t');
  });

  it('takes an empty file for no lock', async () => {
    const path = newPath();
    await writeFile(path, '');
    expect(await acquireProcessLock(path)).toMatchObject({ isHeld: true });
  });

  it.runIf(process.platform === 'linux')('takes over a lock of a process that ended unnoticed', async () => {
    // The shell becomes a program that never asks what became of its child, and only then the child ends.
    const parent = spawn('sh', ['-c', 'cat <&3 & echo $!; exec sleep 3600 3<&-'], {
      stdio: ['ignore', 'pipe', 'ignore', 'pipe'],
    });
    try {
      const [said] = await once(parent.stdout as Readable, 'data');
      const pid = Number(said);
      await waitFor(async () => (await readFile(`/proc/${parent.pid}/comm`, 'utf8')) === 'sleep\n');
      (parent.stdio[3] as Writable).end();
      await waitFor(async () => (await readFile(`/proc/${pid}/stat`, 'utf8')).includes(') Z '));
      expect(() => process.kill(pid, 0)).not.toThrow();
      const attempt = await acquireProcessLock(await writeOwner({ pid }));
      expect(attempt).toMatchObject({ isHeld: true, isTakenOver: true });
    } finally {
      parent.kill('SIGKILL');
    }
  });

  it('gives a stale lock to one of many only', async () => {
    const path = await writeOwner({ pid: 2 ** 22 + 1 });
    const attempts = await Promise.all(Array.from({ length: 12 }, () => acquireProcessLock(path)));
    expect(attempts.filter((attempt) => attempt.isHeld)).toHaveLength(1);
  });

  it("does not release somebody else's lock", async () => {
    const path = newPath();
    const attempt = await acquireProcessLock(path);
    const other = await readFile(await writeOwner({}), 'utf8');
    await writeFile(path, other);
    if (attempt.isHeld) await attempt.release();
    expect(await readFile(path, 'utf8')).toBe(other);
  });

  it('leaves no other files', async () => {
    expect((await readdir(folder)).filter((name) => name.includes('.tmp'))).toEqual([]);
  });
});

describe('where files cannot have two names, acquireProcessLock', () => {
  const noLinks = () => Promise.reject(Object.assign(new Error('EPERM'), { code: 'EPERM', syscall: 'link' }));

  it('gives a free lock to one of many, and again after its release', async () => {
    const path = newPath();
    for (let round = 0; round < 3; round++) {
      const attempts = await Promise.all(Array.from({ length: 12 }, () => acquireProcessLock(path, noLinks)));
      const held = attempts.filter((attempt) => attempt.isHeld);
      expect(held).toHaveLength(1);
      for (const attempt of held) await attempt.release();
    }
  });

  it('gives a stale lock to one of many only', async () => {
    const path = await writeOwner({ pid: 2 ** 22 + 1 });
    const attempts = await Promise.all(Array.from({ length: 12 }, () => acquireProcessLock(path, noLinks)));
    expect(attempts.filter((attempt) => attempt.isHeld)).toHaveLength(1);
  });

  it('respects a lock that its process is just writing', async () => {
    const path = newPath();
    const content = await readFile(await writeOwner({}), 'utf8');
    await writeFile(path, '');
    let looks = 0;
    const countedLooks = () => {
      looks += 1;
      return noLinks();
    };
    const attempt = acquireProcessLock(path, countedLooks);
    // It has tried to make the lock, and has found the empty one.
    await waitFor(() => looks >= 2);
    writeFileSync(path, content);
    expect(await attempt).toMatchObject({ isHeld: false, owner: { token: 't' } });
  });

  it('takes over a lock that stays empty', async () => {
    const path = newPath();
    await writeFile(path, '');
    expect(await acquireProcessLock(path, noLinks)).toMatchObject({ isHeld: true, isTakenOver: true });
  });

  it('leaves no other files', async () => {
    expect((await readdir(folder)).filter((name) => /tmp|takeover/.test(name))).toEqual([]);
  });
});

describe('isOwnerHere', () => {
  it.each([
    { host: hostname(), expected: true },
    { host: 'elsewhere', expected: false },
  ])('tells machines apart: $expected', async ({ host, expected }) => {
    const owner = await readLockOwner(await writeOwner({ host }));
    expect(owner && isOwnerHere(owner)).toBe(expected);
  });
});

describe('isOwnerAlive', () => {
  it('knows this process, however it is described', async () => {
    const attempt = await acquireProcessLock(newPath());
    expect(attempt.isHeld).toBe(true);
    const owner = await readLockOwner(join(folder, `lock-${next - 1}`));
    expect(owner && (await isOwnerAlive(owner))).toBe(true);
  });
});
