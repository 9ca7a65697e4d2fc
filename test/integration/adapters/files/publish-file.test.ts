import { chmod, lstat, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  overwriteFile,
  publishFile,
  removeLeftovers,
  temporaryPathFor,
} from '../../../../src/adapters/files/publish-file.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { asUnprivileged } from '../../../support/unprivileged.ts';

const root = await temporaryFolder();
let next = 0;

async function newFolder(): Promise<string> {
  const folder = join(root, String(next++));
  await mkdir(folder);
  return folder;
}

/** Names as long as file systems take them: 255 bytes. */
const longNames = [
  { rule: 'of 255 letters', name: `${'n'.repeat(250)}.json` },
  { rule: 'of 255 bytes in other scripts', name: `${'映'.repeat(83)}n.json` },
];

describe('a name', () => {
  it.each(longNames)('$rule can be written, whole and in pieces', async ({ name }) => {
    const folder = await newFolder();
    expect(Buffer.byteLength(name)).toBe(255);
    await publishFile(join(folder, name), 'old');
    await publishFile(
      join(folder, name),
      (async function* () {
        yield 'new';
      })(),
    );
    expect(await readFile(join(folder, name), 'utf8')).toBe('new');
    expect(await readdir(folder)).toEqual([name]);
  });

  it.each([...longNames, { rule: 'that is short', name: 'a.json' }])(
    '$rule is known by what is left of it half-written',
    async ({ name }) => {
      const folder = await newFolder();
      const other = temporaryPathFor(join(folder, `x${name.slice(1)}`));
      for (const path of [temporaryPathFor(join(folder, name)), other]) await writeFile(path, 'half');
      await removeLeftovers([join(folder, name)]);
      expect((await readdir(folder)).map((left) => join(folder, left))).toEqual([other]);
    },
  );
});

describe('a folder', () => {
  it('that may be written but not read takes files', async () => {
    const folder = await newFolder();
    await chmod(root, 0o755);
    await chmod(folder, 0o333);
    await asUnprivileged(() => publishFile(join(folder, 'a'), 'text'));
    await chmod(folder, 0o777);
    expect(await readFile(join(folder, 'a'), 'utf8')).toBe('text');
  });
});

describe('overwriteFile', () => {
  it('goes through links and keeps the rights of the file', async () => {
    const folder = await newFolder();
    await mkdir(join(folder, 'store'));
    const real = join(folder, 'store', 'real.json');
    await writeFile(real, 'old');
    await chmod(real, 0o640);
    await symlink('second', join(folder, 'first'));
    await symlink('store/real.json', join(folder, 'second'));
    expect(await overwriteFile(join(folder, 'first'), 'new', (old) => String(old) === 'old')).toBe(true);
    expect(await readFile(real, 'utf8')).toBe('new');
    expect((await stat(real)).mode & 0o777).toBe(0o640);
    expect((await lstat(join(folder, 'first'))).isSymbolicLink()).toBe(true);
    expect((await lstat(join(folder, 'second'))).isSymbolicLink()).toBe(true);
    expect(await readdir(join(folder, 'store'))).toEqual(['real.json']);
  });

  it('leaves what is not what was expected, and leaves nothing behind', async () => {
    const folder = await newFolder();
    await writeFile(join(folder, 'a'), 'edited');
    expect(await overwriteFile(join(folder, 'a'), 'new', (old) => String(old) === 'old')).toBe(false);
    expect(await readFile(join(folder, 'a'), 'utf8')).toBe('edited');
    expect(await readdir(folder)).toEqual(['a']);
  });

  it('makes no file where there is none', async () => {
    const folder = await newFolder();
    await expect(overwriteFile(join(folder, 'a'), 'new', () => true)).rejects.toThrow(/ENOENT/);
    expect(await readdir(folder)).toEqual([]);
  });
});
