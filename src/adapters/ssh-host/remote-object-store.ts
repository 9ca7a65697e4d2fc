import { randomBytes } from 'node:crypto';
import { statSync } from 'node:fs';
import { posix } from 'node:path';
import pMap from 'p-map';
import { AppError } from '../../errors/app-error.ts';
import type { HostObject } from '../../ports/host.ts';
import { layout } from '../../protocol/layout.ts';
import type { ObjectStore } from '../host-run/stores.ts';
import type { RemoteFiles } from '../sftp/remote-files.ts';
import { isSftpStatus, sftpStatus } from '../sftp/sftp-errors.ts';
import { upload } from '../sftp/upload.ts';
import { inShortSlices, planBundles, readBundle } from './bundles.ts';
import { type CallSlot, SlotRefusal } from './slot-api.ts';

/** Objects from this size on travel by themselves, and continue after a lost connection where they stopped. */
const largeBytes = 4 * 1024 * 1024;

/** Bundles that are read, sent or unpacked at the same time: more than a fast link with some latency can hold. */
const bundlesAtOnce = 6;

/** How often a damaged transfer is repeated from its beginning. */
const maxTransfers = 3;

interface RemoteObjectStoreDeps {
  readonly files: RemoteFiles;
  /** Root folder on the host, absolute. */
  readonly root: string;
  readonly callSlot: CallSlot;
}

/**
 * The objects of a host: sent by SFTP, in bundles where they are small, then verified and published there by a slot. The
 * CLI removes the uploads, because a container can only read them.
 */
export class RemoteObjectStore implements ObjectStore {
  readonly #deps: RemoteObjectStoreDeps;
  /** Contents that are there, or on their way. */
  readonly #sent = new Map<string, Promise<void>>();

  constructor(deps: RemoteObjectStoreDeps) {
    this.#deps = deps;
  }

  async missing(sha256s: readonly string[]): Promise<ReadonlySet<string>> {
    const unknown = sha256s.filter((sha256) => !this.#sent.has(sha256));
    if (unknown.length === 0) return new Set();
    const missing = new Set(await this.#deps.callSlot((slot) => slot.missingObjects(unknown)));
    for (const sha256 of unknown) if (!missing.has(sha256)) this.#sent.set(sha256, Promise.resolve());
    return missing;
  }

  async deliver(objects: readonly HostObject[]): Promise<void> {
    const unsent = objects.filter(({ sha256 }) => !this.#sent.has(sha256));
    const sized: HostObject[] = [];
    await inShortSlices(unsent, (object) => sized.push(withRealSize(object)));
    // Filtered again after the wait: another batch may have started to send the same objects.
    const mine = sized.filter(({ sha256 }) => !this.#sent.has(sha256));
    if (mine.length > 0) {
      const sending = this.#send(mine);
      for (const { sha256 } of mine) {
        this.#sent.set(sha256, sending);
        sending.catch(() => this.#sent.delete(sha256));
      }
    }
    await Promise.all(objects.map(({ sha256 }) => this.#sent.get(sha256)));
  }

  async #send(objects: readonly HostObject[]): Promise<void> {
    const isLarge = ({ sizeBytes }: HostObject) => sizeBytes >= largeBytes;
    const bundles = planBundles(objects.filter((object) => !isLarge(object)));
    await Promise.all([
      pMap(bundles, (bundle) => this.#sendBundle(bundle), { concurrency: bundlesAtOnce }),
      pMap(objects.filter(isLarge), (object) => this.#sendLarge(object), { concurrency: 1 }),
    ]);
  }

  async #sendBundle(objects: readonly HostObject[]): Promise<void> {
    const bytes = await readBundle(objects);
    const name = `${layout.incoming}/${randomBytes(12).toString('hex')}.bundle`;
    const path = posix.join(this.#deps.root, name);
    try {
      await this.#deps.files.step(async (session) => {
        const handle = await session.openForWriting(path, 'w');
        await Promise.all([session.write(handle, path, bytes, 0), session.close(handle)]);
      });
      await this.#deps.callSlot((slot) => slot.acceptBundle(name));
    } catch (error) {
      // Another client removed the upload while it pruned: what was unpacked before is there all the same.
      if (!(error instanceof SlotRefusal) || error.code !== 'upload-missing') throw changedMeanwhile(error);
      const hashes = objects.map(({ sha256 }) => sha256);
      const missing = await this.#deps.callSlot((slot) => slot.missingObjects(hashes));
      if (missing.length > 0)
        await this.#sendBundle(objects.filter(({ sha256 }) => missing.includes(sha256)));
    } finally {
      this.#forget(path);
    }
  }

  async #sendLarge({ path: localPath, sha256, sizeBytes }: HostObject): Promise<void> {
    const name = `${layout.incoming}/${sha256}.part`;
    const path = posix.join(this.#deps.root, name);
    for (let transfer = 1; ; transfer += 1) {
      try {
        await upload(this.#deps.files, localPath, path, sizeBytes);
        await this.#deps.callSlot((slot) => slot.acceptObject(name, sha256));
        break;
      } catch (error) {
        // Another client may have sent the same object, and removed the upload when it had arrived.
        if (!(error instanceof SlotRefusal) && !isSftpStatus(error, sftpStatus.noSuchFile)) throw error;
        const missing = await this.#deps.callSlot((slot) => slot.missingObjects([sha256]));
        if (missing.length === 0) break;
        if (transfer >= maxTransfers) throw changedMeanwhile(error);
        // Damaged: the next transfer starts from its beginning.
        await this.#deps.files.step((session) => session.remove(path));
      }
    }
    this.#forget(path);
  }

  /** Removes an upload that is no longer needed. Not waited for: what stays is pruned some day. */
  #forget(path: string): void {
    this.#deps.files.step((session) => session.remove(path)).catch(() => undefined);
  }
}

/** The size of the file as it is: the caller's need not be exact. */
function withRealSize(object: HostObject): HostObject {
  return { ...object, sizeBytes: statSync(object.path).size };
}

function changedMeanwhile(error: unknown): unknown {
  if (!(error instanceof SlotRefusal) || error.code !== 'object-damaged') return error;
  return new AppError({
    code: 'worker-failed',
    message: `An input arrived with other content than it had when the run was planned (${error.message}).`,
    nextStep: 'Resume the run: hints are made again, and everything that is missing is sent again.',
    isRetryable: true,
  });
}
