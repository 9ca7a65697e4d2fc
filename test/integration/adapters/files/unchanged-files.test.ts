import { rename, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readRegularFile } from '../../../../src/adapters/files/bounded-read.ts';
import { UnchangedFiles } from '../../../../src/adapters/files/unchanged-files.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

const folder = await temporaryFolder();
let next = 0;

/** A file that was written just now, and read. */
async function readNewFile(content: string) {
  const path = join(folder, `${next++}.json`);
  await writeFile(path, content);
  const { bytes, stats } = await readRegularFile(path, 1_000_000);
  return { path, bytes, stats };
}

/** The same by a clock that is far ahead, so that the file counts as old. */
async function kept(content: string, mostBytes = 10_000) {
  const file = await readNewFile(content);
  const files = new UnchangedFiles(mostBytes, () => Date.now() + 60_000);
  files.keep(file.path, file);
  return { ...file, files };
}

it('gives a file out once, as it was read', async () => {
  const { files, path, bytes } = await kept('spec');
  expect(await files.take(path)).toBe(bytes);
  expect(await files.take(path)).toBeNull();
});

it('does not give out what was changed, replaced or removed, even with the same size and time', async () => {
  const changed = await kept('spec');
  await writeFile(changed.path, 'spec of another length');
  expect(await changed.files.take(changed.path)).toBeNull();

  const replaced = await kept('spec');
  await writeFile(`${replaced.path}.new`, 'cpes');
  const { atime, mtime } = await stat(replaced.path);
  await utimes(`${replaced.path}.new`, atime, mtime);
  await rename(`${replaced.path}.new`, replaced.path);
  expect(await replaced.files.take(replaced.path)).toBeNull();

  const removed = await kept('spec');
  await rename(removed.path, `${removed.path}.gone`);
  expect(await removed.files.take(removed.path)).toBeNull();
});

it('keeps neither what was written just now nor more than it may', async () => {
  const file = await readNewFile('spec');
  const files = new UnchangedFiles(10_000);
  files.keep(file.path, file);
  expect(await files.take(file.path)).toBeNull();
  const { files: full, path } = await kept('spec', 100);
  expect(await full.take(path)).toBeNull();
});
