import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { nameOfTemporary, temporaryName } from '../../core/temporary-name.ts';
import { isSystemError } from '../../errors/system-error.ts';
import { layout } from '../../protocol/layout.ts';

/** The folder of the videos that tasks made, and of those that are being made. */
export class OutputFolder {
  readonly #runFolder: string;
  #leftovers: ReadonlyMap<string, readonly string[]> | null = null;

  constructor(runFolder: string) {
    this.#runFolder = runFolder;
  }

  /** Where to make a task's video; what a process that died left of it is removed. */
  async begin(taskKey: string): Promise<string> {
    this.#leftovers ??= await this.#findLeftovers();
    const leftovers = this.#leftovers.get(nameOf(taskKey)) ?? [];
    for (const name of leftovers) await rm(this.#pathOf(name), { force: true });
    return this.#pathOf(temporaryName(nameOf(taskKey), randomBytes(6)));
  }

  /** Gives a file that is whole and flushed its final name. */
  async publish(path: string, taskKey: string) {
    const hash = createHash('sha256');
    let sizeBytes = 0;
    const count = async function* (blocks: AsyncIterable<Buffer>) {
      for await (const block of blocks) {
        sizeBytes += block.byteLength;
        yield block;
      }
    };
    await pipeline(createReadStream(path, { highWaterMark: 1024 * 1024 }), count, hash);
    await rename(path, join(this.#runFolder, layout.output(taskKey)));
    await this.#flush();
    return { sha256: hash.digest('hex'), sizeBytes };
  }

  async discard(path: string): Promise<void> {
    await rm(path, { force: true });
  }

  /** Makes the folder, too. */
  async #findLeftovers(): Promise<ReadonlyMap<string, readonly string[]>> {
    await mkdir(this.#pathOf(''), { recursive: true });
    const found = await readdir(this.#pathOf(''));
    return Map.groupBy(found, (name) => nameOfTemporary(name) ?? '');
  }

  /** Makes the new name survive a power cut, where folders can be flushed. */
  async #flush(): Promise<void> {
    if (process.platform === 'win32') return;
    try {
      await using folder = await open(this.#pathOf(''), 'r');
      await folder.sync();
    } catch (error) {
      if (!isSystemError(error) || error.code === 'EIO') throw error;
    }
  }

  #pathOf(name: string): string {
    return join(this.#runFolder, layout.outputs, name);
  }
}

function nameOf(taskKey: string): string {
  return posix.basename(layout.output(taskKey));
}
