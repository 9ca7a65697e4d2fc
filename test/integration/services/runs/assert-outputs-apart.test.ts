import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LocalSourceFiles } from '../../../../src/adapters/files/local-source-files.ts';
import { assertOutputsApart } from '../../../../src/services/runs/assert-outputs-apart.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

const root = await temporaryFolder();
let next = 0;

/** A disk that takes names for the same where a test wants it: mounting one takes root. */
class FoldingFiles extends LocalSourceFiles {
  override async foldsNames(): Promise<boolean> {
    return true;
  }
}

async function newFolder(files: readonly string[]): Promise<string> {
  const folder = join(root, String(next++));
  await mkdir(folder);
  for (const file of files) {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await writeFile(join(folder, file), '{}');
  }
  return folder;
}

function runIn(folder: string, names: readonly string[], isWrittenBack = false) {
  const outputs = names.map((name) => ({
    ...{ path: join(folder, 'out', name), what: `The enriched ${name}` },
    ...(isWrittenBack && { source: name }),
  }));
  const sources = names.map((name) => ({
    ...{ path: join(folder, 'specs', name), what: `the spec ${name}`, source: name },
  }));
  return { folder: join(folder, 'out'), flag: '--output-dir', names, outputs, sources };
}

it('no output is written where a link within its folder leads out of it', async () => {
  const folder = await newFolder(['home/.x/config', 'specs/a.json', 'big/plain/b.json']);
  await symlink('big', join(folder, 'out'));
  await symlink('plain', join(folder, 'big/inside'));
  const files = { sources: new LocalSourceFiles() };
  await assertOutputsApart(runIn(folder, ['a.json', 'plain/a.json', 'inside/b.json', 'new/c.json']), files);
  await symlink(join(folder, 'home/.x'), join(folder, 'big/plain/sub'));
  await expect(assertOutputsApart(runIn(folder, ['plain/sub/deeper/a.json']), files)).rejects.toMatchObject({
    code: 'usage-invalid',
    message: expect.stringContaining('is a link to'),
  });
});

describe('an output is over a source', () => {
  it('where a folder of outputs is a link to one of sources', async () => {
    const folder = await newFolder(['specs/a.json', 'specs/sub/a.json', 'out/b.json']);
    await symlink('../specs', join(folder, 'out/sub'));
    const run = runIn(folder, ['a.json', 'sub/a.json']);
    const refused = assertOutputsApart(run, { sources: new LocalSourceFiles() });
    await expect(refused).rejects.toMatchObject({
      code: 'usage-invalid',
      message: expect.stringContaining('The enriched sub/a.json would be written over the spec a.json'),
    });
  });

  it('but may be over its own with --write-back', async () => {
    const folder = await newFolder(['specs/a.json', 'specs/sub/a.json']);
    await symlink('specs', join(folder, 'out'));
    const names = ['a.json', 'sub/a.json'];
    const files = { sources: new LocalSourceFiles() };
    await assertOutputsApart(runIn(folder, names, true), files);
    await expect(assertOutputsApart(runIn(folder, names), files)).rejects.toMatchObject({ exitCode: 2 });
  });

  it('where the disk takes their names for one', async () => {
    const folder = await newFolder(['specs/a.json', 'specs/A.JSON']);
    await symlink('specs', join(folder, 'out'));
    const run = { ...runIn(folder, ['A.JSON']), sources: runIn(folder, ['a.json']).sources };
    await assertOutputsApart(run, { sources: new LocalSourceFiles() });
    const refused = assertOutputsApart(run, { sources: new FoldingFiles() });
    await expect(refused).rejects.toThrow(/The enriched A.JSON would be written over the spec a.json/);
  });
});

describe('outputs are one file', () => {
  it('where the disk takes their names for one, and not elsewhere', async () => {
    const folder = await newFolder(['specs/a.json', 'specs/A.json']);
    const run = runIn(folder, ['A.json', 'a.json']);
    await assertOutputsApart(run, { sources: new LocalSourceFiles() });
    expect(await readdir(folder)).toEqual(['specs']);
    const refused = assertOutputsApart(run, { sources: new FoldingFiles() });
    await expect(refused).rejects.toThrow(/^A.json and a.json would be one file in .*out: its disk/);
  });

  it('where two of their folders are one', async () => {
    const folder = await newFolder(['specs/a/x.json', 'specs/b/x.json', 'out/a/y.json']);
    await symlink('a', join(folder, 'out/b'));
    const run = runIn(folder, ['a/x.json', 'b/x.json']);
    const refused = assertOutputsApart(run, { sources: new LocalSourceFiles() });
    await expect(refused).rejects.toThrow(/The enriched a\/x.json and the enriched b\/x.json would be one/);
  });
});
