import { createHash } from 'node:crypto';
import { lstat, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { hasContent } from '../../../../src/adapters/files/hash-file.ts';
import { placeFile } from '../../../../src/adapters/files/publish-file.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

const root = await temporaryFolder();
const hashOf = (text: string) => createHash('sha256').update(text).digest('hex');
let folder = '';
let source = '';
let target = '';
let round = 0;

beforeEach(async () => {
  folder = join(root, String(round++));
  source = join(folder, 'source');
  target = join(folder, 'there', 'target');
  await mkdir(join(folder, 'there'), { recursive: true });
  await writeFile(source, 'frames');
});

describe('placeFile', () => {
  it('brings a file into a folder that it makes', async () => {
    const deep = join(folder, 'a', 'b', 'target');
    await placeFile(source, deep, hashOf('frames'));
    expect(await readFile(deep, 'utf8')).toBe('frames');
  });

  it.each([{ sha256: hashOf('frames') }, { sha256: null }])(
    'leaves a target that holds the same alone',
    async ({ sha256 }) => {
      await writeFile(target, 'frames');
      const before = await stat(target);
      await placeFile(source, target, sha256);
      expect((await stat(target)).ino).toBe(before.ino);
    },
  );

  it.each([
    { rule: 'a relative link', lead: async (path: string) => await symlink('source', path) },
    { rule: 'an absolute link', lead: async (path: string) => await symlink(source, path) },
    {
      rule: 'a link to a link in another folder',
      lead: async (path: string) => {
        await mkdir(join(folder, 'other'));
        await symlink('../source', join(folder, 'other', 'first'));
        await symlink('other/first', path);
      },
    },
  ])('places the file that $rule leads to', async ({ lead }) => {
    const path = join(folder, 'link');
    await lead(path);
    await placeFile(path, target, hashOf('frames'));
    expect((await lstat(target)).isFile()).toBe(true);
    expect(await readFile(target, 'utf8')).toBe('frames');
  });

  it('replaces a target that is a link, even to the same', async () => {
    await symlink(source, target);
    await placeFile(source, target, hashOf('frames'));
    expect((await lstat(target)).isFile()).toBe(true);
  });

  it.each([
    { rule: 'was cut off', content: 'fra', sha256: hashOf('frames') },
    { rule: 'is empty', content: '', sha256: hashOf('frames') },
    { rule: 'holds something else of the same size', content: 'fRames', sha256: hashOf('frames') },
    { rule: 'was cut off, its hash unknown', content: 'fra', sha256: null },
  ])('replaces a target that $rule', async ({ content, sha256 }) => {
    await writeFile(target, content);
    await placeFile(source, target, sha256);
    expect(await readFile(target, 'utf8')).toBe('frames');
    expect(await readdir(join(folder, 'there'))).toEqual(['target']);
  });

  it('tells when the source is gone', async () => {
    await expect(placeFile(join(folder, 'gone'), target, null)).rejects.toThrow(/ENOENT/);
    expect(await readdir(join(folder, 'there'))).toEqual([]);
  });
});

describe('hasContent', () => {
  it.each([
    { rule: 'knows the content', path: () => source, expected: true },
    { rule: 'knows other content', path: () => target, expected: false },
    { rule: 'says no of a file that is not there', path: () => join(folder, 'gone'), expected: false },
    { rule: 'says no of a folder', path: () => folder, expected: false },
  ])('$rule', async ({ path, expected }) => {
    await writeFile(target, 'fRames');
    expect(await hasContent(path(), hashOf('frames'))).toBe(expected);
  });
});
