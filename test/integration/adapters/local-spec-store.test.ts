import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmod,
  lstat,
  mkdir,
  readdir,
  readFile,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LocalSpecStore } from '../../../src/adapters/local-spec-store.ts';
import { maxSpecBytes } from '../../../src/core/spec/parse-spec.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { asUnprivileged } from '../../support/unprivileged.ts';

const root = await temporaryFolder();
await chmod(root, 0o755);
let next = 0;

/** A folder with these files; names that end with a slash are folders. */
async function newTree(files: readonly string[]): Promise<string> {
  const folder = join(root, String(next++));
  await mkdir(folder);
  for (const file of files) {
    if (file.endsWith('/')) await mkdir(join(folder, file), { recursive: true });
    else {
      await mkdir(join(folder, file, '..'), { recursive: true });
      await writeFile(join(folder, file), file);
    }
  }
  return folder;
}

function sha256Of(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

async function found(folder: string, inputs: readonly string[], excluded: readonly string[] = []) {
  const { inputRoot, specs } = await new LocalSpecStore(folder).find(inputs, excluded);
  return { root: inputRoot.slice(folder.length), specs };
}

describe('find', () => {
  const files = [
    'b.json',
    'a/x.JSON',
    'a/b/y.json',
    'ps',
    'a/notes.txt',
    'a/list.jsonl',
    '.hidden/z.json',
    'a/.z.json',
    'out/o.json',
  ];

  it.each([
    {
      rule: 'all below a folder, sorted',
      inputs: ['.'],
      expected: { root: '', specs: ['a/b/y.json', 'a/list.jsonl', 'a/x.JSON', 'b.json', 'out/o.json'] },
    },
    {
      rule: 'less what is excluded',
      inputs: ['.'],
      excluded: ['out'],
      expected: { root: '', specs: ['a/b/y.json', 'a/list.jsonl', 'a/x.JSON', 'b.json'] },
    },
    {
      rule: 'a folder below',
      inputs: ['a'],
      expected: { root: '/a', specs: ['b/y.json', 'list.jsonl', 'x.JSON'] },
    },
    {
      rule: 'single files, whatever their name',
      inputs: ['ps', 'a/notes.txt'],
      expected: { root: '', specs: ['a/notes.txt', 'ps'] },
    },
    {
      rule: 'one file against its folder',
      inputs: ['a/b/y.json'],
      expected: { root: '/a/b', specs: ['y.json'] },
    },
    {
      rule: 'folder and file together',
      inputs: ['a/b', 'b.json'],
      expected: { root: '', specs: ['a/b/y.json', 'b.json'] },
    },
    {
      rule: 'the same one named twice once',
      inputs: ['a', './a/', 'a/x.JSON'],
      expected: { root: '/a', specs: ['b/y.json', 'list.jsonl', 'x.JSON'] },
    },
    {
      rule: 'a folder written in a roundabout way',
      inputs: ['.hidden/..//a/b/../b', 'a/b'],
      excluded: [],
      expected: { root: '/a/b', specs: ['y.json'] },
    },
  ])('$rule', async ({ inputs, excluded, expected }) => {
    expect(await found(await newTree(files), inputs, excluded)).toEqual(expected);
  });

  it.skipIf(process.platform === 'win32')(
    'refuses what is given and is no file, and skips it in folders',
    async () => {
      const folder = await newTree(['b.json']);
      const pipe = join(folder, 'a.json');
      execFileSync('mkfifo', [pipe]);
      await symlink('/dev/zero', join(folder, 'zero.json'));
      for (const [input, what] of [
        [pipe, 'a named pipe'],
        [join(folder, 'zero.json'), 'a terminal or another device'],
        ['/dev/tty', 'a terminal or another device'],
      ] as const)
        await expect(found(folder, [input])).rejects.toMatchObject({
          ...{ code: 'input-missing', message: `${input} is ${what}, not a file.` },
        });
      const { specs, skippedFiles } = await new LocalSpecStore(folder).find(['.'], []);
      expect(specs).toEqual(['b.json']);
      expect(skippedFiles).toEqual([
        [pipe, 'a named pipe'],
        [join(folder, 'zero.json'), 'a terminal or another device'],
      ]);
    },
  );

  it('does not take a sibling with the same beginning for a folder inside', async () => {
    const folder = await newTree(['in/a.json', 'inner/b.json']);
    expect(await found(folder, ['in', 'inner'])).toEqual({ root: '', specs: ['in/a.json', 'inner/b.json'] });
  });

  it('follows links once, round in circles never, and takes broken ones for what they are called', async () => {
    const folder = await newTree(['a/x.json', 'b/']);
    await symlink('../a', join(folder, 'b', 'again'));
    await symlink('..', join(folder, 'a', 'up'));
    await symlink('nowhere', join(folder, 'broken.json'));
    const { specs } = await found(folder, ['.']);
    expect(specs).toHaveLength(2);
    expect(specs).toContain('broken.json');
  });

  it.each(['nowhere', 'b.json/x'])('refuses %j', async (input) => {
    const folder = await newTree(files);
    await expect(found(folder, [input])).rejects.toMatchObject({ code: 'input-missing', exitCode: 2 });
  });
});

describe('a folder that cannot be read', () => {
  it('is skipped and told when it lies in an input', async () => {
    const folder = await newTree(['a.json', 'lost+found/x.json', 'b/secret/y.json', 'b/c.json']);
    for (const name of ['lost+found', 'b/secret']) await chmod(join(folder, name), 0o000);
    const { specs, skippedFolders } = await asUnprivileged(() => new LocalSpecStore(folder).find(['.'], []));
    expect(specs).toEqual(['a.json', 'b/c.json']);
    expect(skippedFolders).toEqual([join(folder, 'b/secret'), join(folder, 'lost+found')]);
  });

  it('because it lies too deep is skipped and told', async () => {
    const folder = await newTree(['a.json']);
    // Made from within: a path of more than 4,096 bytes cannot be named.
    const name = 'd'.repeat(250);
    let deepest = folder;
    while (Buffer.byteLength(deepest) + 251 < 4_096) deepest = join(deepest, name);
    await mkdir(deepest, { recursive: true });
    execFileSync('mkdir', ['-p', `${name}/${name}`], { cwd: deepest });
    const { specs, skippedFolders } = await new LocalSpecStore(folder).find(['.'], []);
    execFileSync('rm', ['-rf', name], { cwd: folder });
    expect(specs).toEqual(['a.json']);
    expect(skippedFolders).toEqual([join(deepest, name)]);
  });

  it.each(['.', 'a.json', 'sub'])('is an error when the input is %j', async (input) => {
    const folder = await newTree(['a.json', 'sub/']);
    await chmod(folder, 0o000);
    await expect(asUnprivileged(() => found(folder, [input]))).rejects.toMatchObject({
      code: 'input-missing',
      exitCode: 2,
      message: `${input} cannot be read: this user is not allowed to.`,
      nextStep: expect.stringContaining('permissions'),
    });
  });

  it('is an error when it is named itself in a circle', async () => {
    const folder = await newTree([]);
    await symlink('round', join(folder, 'round'));
    await expect(found(folder, ['round'])).rejects.toMatchObject({
      code: 'input-missing',
      message: expect.stringMatching(/^round cannot be read: ELOOP/),
    });
  });
});

describe('findVideo', () => {
  it('looks beside the spec, then upwards, then where the program was started', async () => {
    const folder = await newTree(['in/a/v/', 'in/v/c.mp4', 'w/d.mp4', 'in/a/c.mp4/']);
    const store = new LocalSpecStore(join(folder, 'w'));
    const look = (written: string) =>
      store.findVideo(written, join(folder, 'in/a/s.json'), join(folder, 'in'));
    expect(await look('v\\c.mp4')).toMatchObject({ path: join(folder, 'in/v/c.mp4'), sizeBytes: 10 });
    expect((await look('d.mp4'))?.path).toBe(join(folder, 'w/d.mp4'));
    expect(await look('c.mp4')).toBeNull();
    expect(await look('F:/Shots/c.mp4')).toBeNull();
  });

  it('tells when a file was last changed, in whole milliseconds', async () => {
    const folder = await newTree(['c.mp4']);
    await utimes(join(folder, 'c.mp4'), 1_700_000_000.4567, 1_700_000_000.4567);
    const video = await new LocalSpecStore(folder).statVideo(join(folder, 'c.mp4'));
    expect(video?.modifiedMs).toBe(1_700_000_000_456);
  });
});

describe('files', () => {
  it('are read as they are, and missing ones are null', async () => {
    const folder = await newTree(['a.json', 'd/']);
    const store = new LocalSpecStore(folder);
    expect(Buffer.from((await store.read(join(folder, 'a.json'))) ?? []).toString()).toBe('a.json');
    expect(await store.read(join(folder, 'b.json'))).toBeNull();
    await expect(store.read(join(folder, 'd'))).rejects.toMatchObject({ code: 'EISDIR' });
  });

  it('larger than any spec are not read', async () => {
    const folder = await newTree(['large.json', 'largest.json']);
    const store = new LocalSpecStore(folder);
    await truncate(join(folder, 'largest.json'), maxSpecBytes);
    expect((await store.read(join(folder, 'largest.json')))?.length).toBe(maxSpecBytes);
    await truncate(join(folder, 'large.json'), 2 ** 29);
    await expect(store.read(join(folder, 'large.json'))).rejects.toThrow(RangeError);
  });

  it.runIf(process.platform === 'linux')('without an end are not read to it', async () => {
    await expect(new LocalSpecStore(root).read('/dev/zero')).rejects.toThrow(/device, not a file/);
    expect(await new LocalSpecStore(root).read('/dev/null')).toHaveLength(0);
  });

  it('of the user are written over where their links lead, with their rights, and beside', async () => {
    const folder = await newTree(['real.json']);
    await chmod(join(folder, 'real.json'), 0o600);
    await symlink('real.json', join(folder, 'link.json'));
    const store = new LocalSpecStore(folder);
    const [output, link] = [join(folder, 'out/x.json'), join(folder, 'link.json')];
    expect(await store.writeBack(output, 'new', link, [sha256Of('real.json')])).toBe(true);
    expect((await lstat(link)).isSymbolicLink()).toBe(true);
    for (const path of [output, join(folder, 'real.json')]) {
      expect(await readFile(path, 'utf8')).toBe('new');
      if (process.platform !== 'win32') expect((await lstat(path)).mode & 0o777).toBe(0o600);
    }
  });

  it('of the user are not written over when they were edited, became something else or are gone', async () => {
    const folder = await newTree(['edited.json', 'folder.json/']);
    const store = new LocalSpecStore(folder);
    const output = join(folder, 'out/x.json');
    await symlink(folder, join(folder, 'same'));
    for (const source of ['edited.json', 'folder.json', 'none.json'])
      expect(await store.writeBack(output, 'new', join(folder, source), [sha256Of('planned')])).toBe(false);
    expect(await readFile(output, 'utf8')).toBe('new');
    const [edited, itself] = [join(folder, 'edited.json'), join(folder, 'same/edited.json')];
    expect(await store.writeBack(itself, 'new', edited, [sha256Of('planned')])).toBe(false);
    expect(await readFile(edited, 'utf8')).toBe('edited.json');
    expect((await readdir(folder)).sort()).toEqual(['edited.json', 'folder.json', 'out', 'same']);
  });

  it('are written into folders that are made for them', async () => {
    const folder = await newTree([]);
    const store = new LocalSpecStore(folder);
    const path = store.outputPath('out', 'x/y/z.json');
    expect(path).toBe(join(folder, 'out', 'x', 'y', 'z.json'));
    await store.publish(path, 'text');
    expect(Buffer.from((await store.read(path)) ?? []).toString()).toBe('text');
  });
});
