import { lstatSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { isAbsolute, join, relative, resolve, sep } from 'node:path';
import { temporarySuffix } from '../../core/temporary-name.ts';
import { type ExclusiveFileStore, mostSharedBytes } from '../../ports/file-store.ts';
import { readAtMost } from './bounded-read.ts';
import { NotAFileError } from './open-file.ts';
import { publishFile, type Rights, replaceFile } from './publish-file.ts';
import { publishOnce } from './publish-once.ts';
import { quickly } from './quick-disk.ts';
import { unlessMissing } from './unless-missing.ts';

/** An {@link ExclusiveFileStore} in a folder of this machine. */
export class LocalFileStore implements ExclusiveFileStore {
  readonly folder: string;
  readonly #rights: Rights;
  readonly #isDurable: boolean;

  /**
   * @param rights - Of its files; those of the user's umask unless told.
   * @param options.isDurable - False for a cache, of which a power cut may take what was written last: what is published is
   *   whole whenever a process dies, but nothing waits for the disk.
   */
  constructor(folder: string, rights: Rights = null, { isDurable = true }: { isDurable?: boolean } = {}) {
    this.folder = resolve(folder);
    this.#rights = rights;
    this.#isDurable = isDurable;
  }

  pathOf(path: string): string {
    const full = resolve(join(this.folder, ...path.split('/')));
    const back = relative(this.folder, full);
    if (
      path.includes('\0') ||
      isAbsolute(path) ||
      back === '..' ||
      back.startsWith(`..${sep}`) ||
      isAbsolute(back)
    ) {
      throw new RangeError(`path leaves its folder: ${JSON.stringify(path)}`);
    }
    return full;
  }

  async publish(path: string, content: Uint8Array | string): Promise<void> {
    await (this.#isDurable ? publishFile : replaceFile)(this.pathOf(path), content, this.#rights);
  }

  async publishOnce(
    path: string,
    content: string,
    isValid: (content: Uint8Array) => boolean,
  ): Promise<Uint8Array | null> {
    return await publishOnce(this.pathOf(path), content, isValid);
  }

  async read(path: string, maxBytes = mostSharedBytes): Promise<Uint8Array | null> {
    const full = this.pathOf(path);
    if (await isMissing(full)) return null;
    const reading = readAtMost(full, maxBytes, { noFollow: true });
    return await unlessMissing<Uint8Array>(reading, 'ENOTDIR').catch((error: unknown) => {
      throw error instanceof NotAFileError ? new RangeError(`${path}: ${error.message}`) : error;
    });
  }

  async list(folder: string, isWanted: (name: string) => boolean = () => true): Promise<readonly string[]> {
    const names = await unlessMissing(readdir(this.pathOf(folder)), 'ENOTDIR');
    return (names ?? []).filter((name) => !name.endsWith(temporarySuffix) && isWanted(name)).sort();
  }

  async remove(path: string): Promise<void> {
    await rm(this.pathOf(path), { force: true, recursive: true });
  }
}

/** What is looked for and is not there is told without an error, which takes longer than the look. False where nothing is known. */
async function isMissing(path: string): Promise<boolean> {
  return await quickly(
    () => lstatSync(path, { throwIfNoEntry: false }) === undefined,
    async () => false,
  );
}
