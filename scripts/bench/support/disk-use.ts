import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Bytes that folders take on the disk. A file with several names counts once.
 *
 * @param ignored - Inodes that do not count, whatever their name.
 */
export async function diskUse(
  folders: readonly string[],
  ignored: ReadonlySet<number> = new Set(),
): Promise<number> {
  const seen = new Set(ignored);
  let bytes = 0;
  for (const folder of folders) {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      // Files come and go meanwhile.
      const facts = await lstat(join(entry.parentPath, entry.name)).catch(() => null);
      if (!facts?.isFile() || seen.has(facts.ino)) continue;
      seen.add(facts.ino);
      bytes += facts.blocks * 512;
    }
  }
  return bytes;
}
