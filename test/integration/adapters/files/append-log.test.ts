import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { AppendLog } from '../../../../src/adapters/files/append-log.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

const folder = await temporaryFolder();
let logs = 0;
const newPath = () => join(folder, `${++logs}`, 'log.jsonl');
const open = (path: string, maxEntries?: number) =>
  new AppendLog({ path, schema: z.number(), ...(maxEntries ? { maxEntries } : {}) });

it('remembers at once, and in the next process', async () => {
  const path = newPath();
  const log = open(path);
  expect(await log.get('a')).toBeNull();
  await Promise.all([log.put('a', 1), log.put('b', 2), log.put('a', 3)]);
  expect([await log.get('a'), await log.get('b')]).toEqual([3, 2]);
  await log.settled();
  expect([await open(path).get('a'), await open(path).get('b')]).toEqual([3, 2]);
});

it('keeps what two processes append at the same time', async () => {
  const path = newPath();
  const [one, two] = [open(path), open(path)];
  await Promise.all(Array.from({ length: 200 }, (_, at) => (at % 2 ? one : two).put(`k${at}`, at)));
  await Promise.all([one.settled(), two.settled()]);
  const next = open(path);
  for (let at = 0; at < 200; at++) expect(await next.get(`k${at}`)).toBe(at);
});

it('loses only the entry that is torn, wherever the file is cut', async () => {
  const path = newPath();
  const log = open(path);
  for (const key of ['a', 'b', 'c']) await log.put(key, 7);
  await log.settled();
  const whole = await readFile(path);
  const lineEnds = (length: number) =>
    whole
      .subarray(0, length + 1)
      .toString()
      .split(']').length - 1;
  for (let length = 0; length < whole.length; length++) {
    const cut = newPath();
    await mkdir(join(cut, '..'));
    await writeFile(cut, whole.subarray(0, length));
    const next = open(cut);
    await next.put('new', 1);
    await next.settled();
    const last = open(cut);
    const kept = await Promise.all(['a', 'b', 'c'].map((key) => last.get(key)));
    expect(kept.filter((value) => value === 7).length).toBe(lineEnds(length - 1));
    expect(await last.get('new')).toBe(1);
  }
});

it('forgets the oldest entries beyond its bound', async () => {
  const path = newPath();
  const log = open(path, 3);
  for (const [at, key] of ['a', 'b', 'c', 'a', 'd'].entries()) await log.put(key, at);
  await log.settled();
  const values = (from: typeof log) => Promise.all(['a', 'b', 'c', 'd'].map((key) => from.get(key)));
  expect(await values(log)).toEqual([3, null, 2, 4]);
  expect(await values(open(path, 3))).toEqual([3, null, 2, 4]);
});

it('writes itself anew when most lines are dead', async () => {
  const path = newPath();
  await mkdir(join(path, '..'));
  await appendFile(path, '["a",1]\n'.repeat(20_000));
  expect(await open(path).get('a')).toBe(1);
  expect(await readFile(path, 'utf8')).toBe('["a",1]\n');
});

it('does without its file where it cannot be written', async () => {
  const file = join(folder, 'a file');
  await writeFile(file, '');
  const log = open(join(file, 'log.jsonl'));
  await log.put('a', 1);
  await log.settled();
  expect(await log.get('a')).toBe(1);
});
