import { execFile } from 'node:child_process';
import { lstat, mkdir, readFile, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { layout } from '../../../../src/protocol/layout.ts';
import { mostMemoryMib, runVictim } from '../../../support/hostile/victim.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

const run = promisify(execFile);
const key = 'a'.repeat(64);

it.each([
  { what: 'a pipe', make: (path: string) => run('mkfifo', [path]) },
  { what: 'a folder', make: (path: string) => mkdir(join(path, 'in it'), { recursive: true }) },
  { what: 'a link', make: (path: string) => symlink('../other', path) },
  {
    what: 'a gigabyte',
    make: async (path: string) => {
      await writeFile(path, '{');
      await truncate(path, 1024 ** 3);
    },
  },
])('$what in place of a result is removed, so that it is made again', async ({ make }) => {
  const folder = await temporaryFolder();
  const path = join(folder, layout.result(key));
  await mkdir(join(folder, 'results'));
  await writeFile(join(folder, 'other'), '{}');
  await make(path);
  const end = await runVictim('localResult', { folder, key });
  expect(end).toMatchObject({ value: null, error: null });
  expect(end.memoryMib).toBeLessThan(mostMemoryMib);
  await expect(lstat(path)).rejects.toThrow('ENOENT');
  expect(await readFile(join(folder, 'other'), 'utf8')).toBe('{}');
});
