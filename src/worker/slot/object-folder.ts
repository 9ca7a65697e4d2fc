import { createHash, randomBytes } from 'node:crypto';
import { mkdir, open, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as yieldToOthers } from 'node:timers/promises';
import pMap from 'p-map';
import { temporaryName } from '../../core/temporary-name.ts';
import { layout } from '../../protocol/layout.ts';
import { fingerprintAt, fingerprintOf, statFile, VerifiedObjects, verifyFile } from './verified-objects.ts';

const filesAtOnce = 4;
const longestTurnMs = 5;

/**
 * The inputs of all runs under their content's hash. Several slots share the folder: an object appears whole, by
 * rename, and publishing it again puts the same bytes there.
 *
 * Nothing is flushed to the disk: flushing thousands of small files takes minutes, and after a power cut an object
 * is verified again before anything relies on it.
 */
export class ObjectFolder {
  readonly #root: string;
  readonly #verified = new VerifiedObjects();

  /** @param root - The host's root folder. */
  constructor(root: string) {
    this.#root = root;
  }

  async prepare(): Promise<void> {
    for (const folder of [layout.objects, layout.incoming]) {
      await mkdir(join(this.#root, folder), { recursive: true });
    }
  }

  /** Those of these objects that are not there whole; damaged ones are removed, and old ones become young. */
  async missing(sha256s: Iterable<string>): Promise<ReadonlySet<string>> {
    const missing = new Set<string>();
    const unverified: string[] = [];
    let turnEndMs = performance.now() + longestTurnMs;
    for (const sha256 of new Set(sha256s)) {
      const path = this.#pathOf(sha256);
      const found = statFile(path);
      if (found === null) missing.add(sha256);
      else if (!this.#verified.has(sha256, fingerprintOf(found))) unverified.push(sha256);
      else this.#verified.touch(sha256, path, found);
      if (performance.now() < turnEndMs) continue;
      await yieldToOthers();
      turnEndMs = performance.now() + longestTurnMs;
    }
    const verify = async (sha256: string) => {
      if (!(await this.#verify(sha256))) missing.add(sha256);
    };
    await pMap(unverified, verify, { concurrency: filesAtOnce });
    return missing;
  }

  /** Publishes a content that was verified. */
  async put(sha256: string, content: Uint8Array): Promise<void> {
    await this.#publish(sha256, async (path) => {
      await writeFile(path, content, { flag: 'wx' });
      return true;
    });
  }

  /** Publishes a content that need not fit into memory, if it is the right one; gives whether it was. */
  async putBlocks(sha256: string, blocks: AsyncIterable<Uint8Array>): Promise<boolean> {
    return await this.#publish(sha256, async (path) => {
      const hash = createHash('sha256');
      await using file = await open(path, 'wx');
      for await (const block of blocks) {
        // Both at once: the one is for the processor, the other for the disk.
        const writing = file.writeFile(block);
        hash.update(block);
        await writing;
      }
      return hash.digest('hex') === sha256;
    });
  }

  /** Publishes what `make` made, if that says so. Leftovers of killed slots have the names of temporary files. */
  async #publish(sha256: string, make: (path: string) => Promise<boolean>): Promise<boolean> {
    const path = this.#pathOf(temporaryName(sha256, randomBytes(6)));
    try {
      const isRight = await make(path);
      const fingerprint = fingerprintAt(path);
      if (isRight && fingerprint !== null) {
        await rename(path, this.#pathOf(sha256));
        this.#verified.remember(sha256, fingerprint);
        return true;
      }
    } catch (error) {
      await rm(path, { force: true });
      throw error;
    }
    await rm(path, { force: true });
    return false;
  }

  async #verify(sha256: string): Promise<boolean> {
    const path = this.#pathOf(sha256);
    const { fingerprint, isIntact } = await verifyFile(path, sha256);
    if (isIntact && fingerprint !== null) {
      this.#verified.remember(sha256, fingerprint);
      const found = statFile(path);
      if (found && fingerprintOf(found) === fingerprint) this.#verified.touch(sha256, path, found);
      return true;
    }
    // Another slot may have put a good one there meanwhile.
    if (fingerprint !== null && fingerprintAt(path) === fingerprint)
      await rm(path, { recursive: true, force: true });
    return false;
  }

  #pathOf(sha256: string): string {
    return join(this.#root, layout.objects, sha256);
  }
}
