import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import {
  folderMode,
  type HostileSftp,
  type LyingEntry,
  type LyingFile,
  linkMode,
  pipeMode,
  regular,
  startHostileSftp,
} from '../../../support/hostile/sftp-server.ts';
import { mostMemoryMib, runVictim } from '../../../support/hostile/victim.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

const open: HostileSftp[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.stop()));
});

async function serverOf(files: Readonly<Record<string, LyingFile>>) {
  const folder = await temporaryFolder();
  const server = await startHostileSftp(join(folder, 'keys'), (path) => files[path] ?? null);
  open.push(server);
  return { server, folder, given: { ssh: server.settings } };
}

const key = (number: number) => number.toString(16).padStart(64, '0');
const manyNames =
  (nameOf: (number: number) => string, count: number, perAnswer = 1_500) =>
  (turn: number) => {
    const first = turn * perAnswer;
    if (first >= count) return null;
    return Array.from(
      { length: Math.min(perAnswer, count - first) },
      (_, at): LyingEntry => ({ name: nameOf(first + at) }),
    );
  };
const zeros = Buffer.alloc(64 * 1024);
const endless = (size: number): LyingFile => ({
  ...{ mode: regular, size },
  read: (_, length) => zeros.subarray(0, length),
});

describe('a server that lies', () => {
  it('cannot fill memory with a listing that has no end', async () => {
    const names = manyNames((number) => `${number}_${'x'.repeat(100)}`, Number.POSITIVE_INFINITY, 900);
    const { given } = await serverOf({ '/run/results': { mode: folderMode, names } });
    const end = await runVictim('list', given);
    expect(end.error?.message).toMatch(/liar: the folder \/run\/results has more in it/);
    expect(end.memoryMib).toBeLessThan(mostMemoryMib);
  });

  it('cannot keep a listing going with answers that hold nothing', async () => {
    const { given } = await serverOf({ '/run/results': { mode: folderMode, names: () => [] } });
    expect((await runVictim('list', given)).error?.code).toBe('host-refused');
  });

  it('can have as many results as the largest run', async () => {
    const names = manyNames((number) => `${key(number)}.json`, 100_000);
    const { given } = await serverOf({ '/run/results': { mode: folderMode, names } });
    expect(await runVictim('results', given)).toMatchObject({ value: 100_000, error: null });
  });

  it('may say that a file is as large as it likes', async () => {
    const { given, folder } = await serverOf({ '/run/segments/one.mp4': endless(2 ** 52) });
    const path = join(folder, 'one.part');
    const end = await runVictim('download', { ...given, path, sizeBytes: 4 * 1024 * 1024 });
    expect(end).toMatchObject({ value: true, error: null });
    expect((await stat(path)).size).toBe(4 * 1024 * 1024);
    expect(end.memoryMib).toBeLessThan(mostMemoryMib);
  });

  it('cannot fill the disk with a file that has no room there', async () => {
    const { given, server, folder } = await serverOf({ '/run/segments/one.mp4': endless(2 ** 52) });
    const path = join(folder, 'one.part');
    const end = await runVictim('download', { ...given, path, sizeBytes: 2 ** 50 });
    expect(end.error).toMatchObject({ code: 'disk-full' });
    expect((await stat(path)).size).toBe(0);
    expect(server.asked.filter((asked) => asked.startsWith('open'))).toEqual([]);
  });

  it('cannot lead to another socket with a link in place of a worker', async () => {
    const root = '/home/liar/.cosmos';
    const { given, server } = await serverOf({
      [`${root}/runs/run-1`]: { mode: folderMode },
      [`${root}/runs/run-1/worker_0.sock`]: { mode: linkMode },
    });
    const { error } = await runVictim('workerSocket', { ...given, root });
    expect(error).toMatchObject({
      code: 'host-refused',
      message: `liar: there is a link where a worker's socket should be: ${root}/runs/run-1/worker_0.sock.`,
    });
    expect(server.asked.filter((asked) => asked.startsWith('open'))).toEqual([]);
  });

  it('cannot make a small file one of gigabytes', async () => {
    const { given } = await serverOf({
      '/run/manifests/one.json': endless(2 ** 40),
      [`/run/results/${key(1)}.json`]: endless(2 ** 40),
    });
    const read = await runVictim('read', given);
    expect(read.error?.message).toMatch(/one.json has more than 16777216 bytes/);
    expect(read.memoryMib).toBeLessThan(mostMemoryMib);
    // Damaged: it is removed, and made again.
    expect(await runVictim('result', { ...given, key: key(1) })).toMatchObject({ value: null, error: null });
    expect(open[0]?.asked.at(-1)).toBe(`remove /run/results/${key(1)}.json`);
  });

  it.each([
    { what: 'a pipe', mode: pipeMode },
    { what: 'a link', mode: linkMode },
    { what: 'a folder', mode: folderMode },
  ])('is not asked to open $what', async ({ mode }) => {
    const { given, server } = await serverOf({ [`/run/results/${key(1)}.json`]: { mode } });
    expect(await runVictim('result', { ...given, key: key(1) })).toMatchObject({ value: null, error: null });
    expect(server.asked.filter((asked) => asked.startsWith('open'))).toEqual([]);
  });

  it('cannot have folders within folders removed for ever', async () => {
    const bottomless: LyingFile = {
      mode: folderMode,
      names: (turn) => (turn === 0 ? [{ name: 'deeper', mode: folderMode }] : null),
    };
    const folder = await temporaryFolder();
    const server = await startHostileSftp(join(folder, 'keys'), () => bottomless);
    open.push(server);
    expect((await runVictim('removeTree', { ssh: server.settings })).error?.code).toBe('host-refused');
  });

  it('cannot fill memory while a host is pruned', async () => {
    const objects = (count: number) => ({
      '/run/objects': { mode: folderMode, names: manyNames(key, count) },
    });
    const { given } = await serverOf(objects(Number.POSITIVE_INFINITY));
    const end = await runVictim('prune', given);
    expect(end.error?.message).toMatch(/liar: the folder \/run\/objects has more in it/);
    expect(end.memoryMib).toBeLessThan(mostMemoryMib);
    // Of many objects the first ones: the next pruning finds the others.
    const { given: honest } = await serverOf(objects(150_000));
    expect((await runVictim('prune', honest)).value).toEqual([100_000, 0, 0]);
  });
});
