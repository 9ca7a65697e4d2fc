import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { SharedStore } from '../../../src/ports/shared-store.ts';
import { layout } from '../../../src/protocol/layout.ts';
import { temporaryFolder } from '../temporary-folder.ts';

/** What a contract of a store needs of one. */
export interface StoreBench {
  /** A new object for the same store, as another machine has it. */
  create(): Promise<SharedStore>;
  /** Overwrites the bytes of a file in the store, as a failing disk would. */
  damage(path: string): Promise<void>;
}

/** What every store that machines share must do. */
export function describeStore(setUp: () => Promise<StoreBench>): void {
  async function scene() {
    const bench = await setUp();
    const folder = await temporaryFolder();
    const [one, other] = [await bench.create(), await bench.create()];
    const make = async (name: string, content: string) => {
      const path = join(folder, name);
      await writeFile(path, content);
      const sha256 = createHash('sha256').update(content).digest('hex');
      return { path, facts: { sha256, size_bytes: Buffer.byteLength(content) } };
    };
    return { bench, folder, one, other, make };
  }
  const output = `${layout.run('a-run')}/${layout.output('a'.repeat(64))}`;

  it('gives a file to other machines, whole and verified', async () => {
    const { folder, one, other, make } = await scene();
    const { path, facts } = await make('made.mp4', 'a segment');
    const target = join(folder, 'deep', 'fetched.mp4');
    expect(await other.fetchFile(output, facts, target)).toBe(false);
    await one.putFile(output, path, facts);
    await one.putFile(output, path, facts);
    expect(await other.fetchFile(output, facts, target)).toBe(true);
    expect(await other.fetchFile(output, facts, target)).toBe(true);
    expect(await readFile(target, 'utf8')).toBe('a segment');
  });

  it('keeps the first of several', async () => {
    const { folder, one, other, make } = await scene();
    const { path, facts } = await make('made.mp4', 'the same');
    await Promise.all([one, other, one, other].map((store) => store.putFile(output, path, facts)));
    expect(await one.fetchFile(output, facts, join(folder, 'fetched'))).toBe(true);
    const entries = await other.entries(`${layout.run('a-run')}/${layout.outputs}`);
    expect(entries).toMatchObject([{ name: `${'a'.repeat(64)}.mp4`, isFolder: false, sizeBytes: 8 }]);
  });

  it('refuses a file that is not what it should be, and publishes nothing of it', async () => {
    const { folder, one, make } = await scene();
    const { path } = await make('made.mp4', 'one');
    const { facts } = await make('wanted.mp4', 'two');
    await expect(one.putFile(output, path, facts)).rejects.toMatchObject({ code: 'worker-failed' });
    const gone = one.putFile(output, join(folder, 'gone'), facts);
    await expect(gone).rejects.toMatchObject({ code: 'worker-failed' });
    expect(await one.entries(`${layout.run('a-run')}/${layout.outputs}`)).toEqual([]);
  });

  it('does not give a damaged file, and takes it again', async () => {
    const { bench, folder, one, other, make } = await scene();
    const { path, facts } = await make('made.mp4', 'a segment');
    const object = layout.object(facts.sha256);
    await one.putFile(object, path, facts);
    expect(await one.missingObjects([facts.sha256])).toEqual(new Set());
    await bench.damage(object);
    expect(await other.fetchFile(object, facts, join(folder, 'fetched'))).toBe(false);
    expect(await other.missingObjects([facts.sha256])).toEqual(new Set([facts.sha256]));
    const again = await make('again.mp4', 'a segment');
    await other.putFile(object, again.path, facts);
    expect(await one.fetchFile(object, facts, join(folder, 'fetched'))).toBe(true);
  });

  it('publishes small files once, and removes what is not needed any more', async () => {
    const { one, other } = await scene();
    expect(await one.files.publishOnce('runs/r/results/x.json', '{"by":1}', () => true)).toBeNull();
    const kept = await other.files.publishOnce('runs/r/results/x.json', '{"by":2}', () => true);
    expect(Buffer.from(kept ?? '').toString()).toBe('{"by":1}');
    expect(await other.files.list('runs/r/results')).toEqual(['x.json']);
    await other.removeTree('runs/r');
    await other.removeTree('runs/r');
    expect(await one.files.list('runs/r/results')).toEqual([]);
    expect(await one.entries('runs/r')).toEqual([]);
  });
}
