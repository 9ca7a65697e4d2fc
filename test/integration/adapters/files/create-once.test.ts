import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { createOnce } from '../../../../src/adapters/files/create-once.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

const root = await temporaryFolder();
let folder = '';
let path = '';
let round = 0;

beforeEach(async () => {
  folder = join(root, String(round++));
  path = join(folder, 'once');
  await mkdir(folder);
});

/** A file system on which giving a second name ends with this error. */
function withoutLinks(code: string) {
  return () => Promise.reject(Object.assign(new Error(`${code}: no link`), { code, syscall: 'link' }));
}

const unsupported = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EISDIR'];
const ways = [
  { way: 'with links', makeLink: undefined },
  ...unsupported.map((code) => ({ way: `where links end with ${code}`, makeLink: withoutLinks(code) })),
];

describe.each(ways)('createOnce $way', ({ makeLink }) => {
  it('makes the file whole, once', async () => {
    expect(await createOnce(path, 'first', makeLink)).toBe(true);
    expect(await createOnce(path, 'second', makeLink)).toBe(false);
    expect(await readFile(path, 'utf8')).toBe('first');
    expect(await readdir(folder)).toEqual(['once']);
  });

  it('lets one of many have it', async () => {
    const attempts = Array.from({ length: 12 }, (_, index) => createOnce(path, String(index), makeLink));
    const made = await Promise.all(attempts);
    expect(made.filter((isMade) => isMade)).toHaveLength(1);
    expect(await readFile(path, 'utf8')).toBe(String(made.indexOf(true)));
  });
});

describe('createOnce', () => {
  it('tells of a full disk', async () => {
    await expect(createOnce(path, 'x', withoutLinks('ENOSPC'))).rejects.toMatchObject({ code: 'disk-full' });
    expect(await readdir(folder)).toEqual([]);
  });

  it('passes on what else is wrong', async () => {
    await expect(createOnce(join(folder, 'gone', 'once'), 'x')).rejects.toThrow(/ENOENT/);
  });
});
