import { createHash, randomBytes } from 'node:crypto';
import { mkdir, open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { HostObject } from '../../../src/ports/host.ts';
import { inParallel } from './in-parallel.ts';

/** Writes a file of bytes that cannot be compressed; blocks repeat, but no two are side by side. */
export async function writeLargeFile(path: string, sizeBytes: number): Promise<HostObject> {
  const blocks = Array.from({ length: 8 }, () => randomBytes(1 << 20));
  const sha256 = createHash('sha256');
  await using file = await open(path, 'w');
  for (let at = 0, index = 0; at < sizeBytes; index++) {
    const block = (blocks[index % blocks.length] ?? Buffer.alloc(0)).subarray(0, sizeBytes - at);
    sha256.update(block);
    await file.writeFile(block);
    at += block.length;
  }
  return { path, sha256: sha256.digest('hex'), sizeBytes };
}

/** Writes files that all differ. */
export async function writeSmallFiles(
  folder: string,
  count: number,
  sizeBytes: number,
): Promise<readonly HostObject[]> {
  await mkdir(folder, { recursive: true });
  const indexes = Array.from({ length: count }, (_, index) => index);
  return await inParallel(indexes, 32, async (index) => {
    const path = join(folder, `hint-${index}.mp4`);
    const content = randomBytes(sizeBytes);
    await writeFile(path, content);
    return { path, sha256: createHash('sha256').update(content).digest('hex'), sizeBytes };
  });
}
