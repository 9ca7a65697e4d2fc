import { chmod, mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { unlessMissing } from '../files/unless-missing.ts';

/** Files by the hash of their content; when they are too many, those go that were not used for longest. */
export class FolderCache {
  readonly #folder: string;
  readonly #maxBytes: number;

  constructor(folder: string, maxBytes: number) {
    this.#folder = folder;
    this.#maxBytes = maxBytes;
  }

  /** Where a file of this content lies or belongs. Its use is noted, and room is made. */
  async pathFor(sha256: string): Promise<string> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const path = join(this.#folder, sha256);
    // It may be a second name of a user's own file, whose time of change is theirs: only the file's record is touched.
    const found = await unlessMissing(stat(path));
    if (found) await unlessMissing(chmod(path, found.mode & 0o7777));
    await this.#evict(sha256);
    return path;
  }

  async #evict(kept: string): Promise<void> {
    const read = async (name: string) => {
      const found = await unlessMissing(stat(join(this.#folder, name)));
      return found === null ? [] : [{ name, sizeBytes: found.size, usedMs: found.ctimeMs }];
    };
    const files = (await Promise.all((await readdir(this.#folder)).map(read))).flat();
    let total = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    for (const { name, sizeBytes } of files.sort((one, other) => one.usedMs - other.usedMs)) {
      if (total <= this.#maxBytes) return;
      if (name === kept) continue;
      await rm(join(this.#folder, name), { force: true });
      total -= sizeBytes;
    }
  }
}
