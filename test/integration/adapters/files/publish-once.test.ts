import { link, mkdtemp, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { MakeLink } from '../../../../src/adapters/files/create-once.ts';
import { publishOnce } from '../../../../src/adapters/files/publish-once.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

const root = await temporaryFolder();
let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(root, 'f-'));
  path = join(folder, 'result.json');
});

const isSound = (content: Uint8Array) => Buffer.from(content).toString('utf8').startsWith('good');
const textOf = (content: Uint8Array | null) => content && Buffer.from(content).toString('utf8');
const noLinks: MakeLink = async () => {
  throw Object.assign(new Error('no second names here'), { code: 'ENOTSUP' });
};

describe.each([
  { system: 'files with two names', makeLink: undefined },
  { system: 'no file with two names', makeLink: noLinks },
])('where there can be $system', ({ makeLink }) => {
  it.each([
    { rule: 'writes what is not there', before: null, told: null, after: 'good 1' },
    { rule: 'leaves what is sound, and gives it', before: 'good 0', told: 'good 0', after: 'good 0' },
    { rule: 'replaces what is damaged', before: 'bad', told: null, after: 'good 1' },
    { rule: 'replaces what is empty', before: '', told: null, after: 'good 1' },
  ])('$rule', async ({ before, told, after }) => {
    if (before !== null) await writeFile(path, before);
    expect(textOf(await publishOnce(path, 'good 1', isSound, makeLink))).toBe(told);
    expect(await readFile(path, 'utf8')).toBe(after);
    expect(await readdir(folder)).toEqual(['result.json']);
  });

  it('makes missing folders', async () => {
    const deep = join(folder, 'a/b/result.json');
    expect(await publishOnce(deep, 'good', isSound, makeLink)).toBe(null);
    expect(await readFile(deep, 'utf8')).toBe('good');
  });
});

it.each([null, 'damaged'])(
  'of many at once one wins, and all others are given its content (%s)',
  async (before) => {
    for (let round = 0; round < 20; round += 1) {
      const file = join(folder, `${round}.json`);
      if (before !== null) await writeFile(file, before);
      const texts = Array.from({ length: 12 }, (_, at) => `good ${at}`);
      const told = await Promise.all(texts.map((text) => publishOnce(file, text, isSound)));
      const final = await readFile(file, 'utf8');
      const winners = texts.filter((_, at) => told[at] === null);
      expect(winners).toEqual([final]);
      expect(told.filter((content) => content !== null).map(textOf)).toEqual(Array(11).fill(final));
    }
    expect((await readdir(folder)).length).toBe(20);
  },
);

it('repairs also what somebody began to repair and did not end', async () => {
  await writeFile(path, 'bad');
  const { ino } = await stat(path, { bigint: true });
  await link(path, `${path}.${ino.toString(16).padStart(12, '0')}.tmp`);
  expect(await publishOnce(path, 'good', isSound)).toBe(null);
  expect([await readFile(path, 'utf8'), await readdir(folder)]).toEqual(['good', ['result.json']]);
});

it('passes errors of the system on and leaves nothing', async () => {
  await writeFile(join(folder, 'file'), '');
  await expect(publishOnce(join(folder, 'file/result.json'), 'good', isSound)).rejects.toMatchObject({
    code: 'ENOTDIR',
  });
  expect(await readdir(folder)).toEqual(['file']);
});
