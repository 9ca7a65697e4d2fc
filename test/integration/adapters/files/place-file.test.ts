import { createHash } from 'node:crypto';
import { chmod, lstat, mkdir, readdir, readFile, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { hasContent, hashFile } from '../../../../src/adapters/files/hash-file.ts';
import { placeFile, placeSource } from '../../../../src/adapters/files/publish-file.ts';
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

describe('placeSource', () => {
  it('changes nothing of the file of a user, whose copy has the same rights', async () => {
    await chmod(source, 0o440);
    const { mode, nlink, mtimeMs, ctimeMs } = await stat(source);
    await placeSource(source, target, hashOf('frames'));
    await placeSource(source, target, hashOf('frames'));
    const after = await stat(source);
    expect(after).toMatchObject({ mode, nlink, mtimeMs, ctimeMs });
    const placed = await stat(target);
    expect(placed.ino).not.toBe(after.ino);
    if (process.platform !== 'win32') expect(placed.mode & 0o777).toBe(0o640);
    expect(await readFile(target, 'utf8')).toBe('frames');
  });

  it('gives a very large file a second name where a copy would take room', async () => {
    await truncate(source, 257 * 1024 * 1024);
    const sha256 = await hashFile(source);
    await placeSource(source, target, sha256);
    expect(await hasContent(target, sha256)).toBe(true);
  });
});
