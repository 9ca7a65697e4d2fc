import { randomBytes } from 'node:crypto';
import { mkdir, rename, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { findUnneeded, type UnneededThing } from '../../core/upkeep/find-unneeded.ts';
import { AppError } from '../../errors/app-error.ts';
import { isErrno } from '../../errors/system-error.ts';
import type { Clock } from '../../ports/clock.ts';
import type { CheckResult } from '../../ports/diagnostics.ts';
import type { HostFacts, HostUpkeep, PreparedHost, PruneRules, Unneeded } from '../../ports/host-upkeep.ts';
import { layout } from '../../protocol/layout.ts';
import { LocalFileStore } from '../files/local-file-store.ts';
import { removeUnneeded } from '../upkeep/remove-unneeded.ts';
import { localGpus } from './local-gpus.ts';
import { localSlots } from './local-slots.ts';
import { LocalTree } from './local-tree.ts';

/** Upkeep of this machine: there is nothing to set up, but runs and objects pile up as on any other host. */
export class LocalUpkeep implements HostUpkeep {
  readonly name = 'local';
  readonly #root: string;
  readonly #clock: Clock;

  /** @param options - `root` is that of the `LocalHost`. */
  constructor({ root, clock }: { readonly root: string; readonly clock: Clock }) {
    this.#root = root;
    this.#clock = clock;
  }

  async prepare(): Promise<PreparedHost> {
    throw new AppError({
      code: 'usage-invalid',
      message: 'This machine needs no preparation: workers are processes here, not containers.',
      nextStep: 'Look at what a run needs with: cosmos doctor',
    });
  }

  async status(): Promise<HostFacts> {
    const [slots, gpus, disk] = await Promise.all([localSlots(this.#root), localGpus(), diskOf(this.#root)]);
    return {
      name: this.name,
      address: 'this machine',
      ...{ dockerVersion: null, image: null, upscalerImage: null },
      ...{ slots, gpus, disk },
    };
  }

  async findUnneeded(rules: PruneRules): Promise<readonly UnneededThing[]> {
    return await findUnneeded(new LocalTree(this.#root), { ...rules, nowMs: this.#clock.now() });
  }

  async remove(unneeded: readonly Unneeded[], rules: PruneRules): Promise<readonly Unneeded[]> {
    return await removeUnneeded(unneeded, {
      find: () => this.findUnneeded(rules),
      remove: (thing) => this.#remove(thing),
    });
  }

  /** What a run needs on this machine is looked at by `doctor` itself. */
  async check(): Promise<readonly CheckResult[]> {
    return [];
  }

  async close(): Promise<void> {
    // Nothing is held open.
  }

  /** What somebody touched since it was found stays: a run begins to need it. */
  async #remove({ kind, name, modifiedMs }: UnneededThing): Promise<boolean> {
    if ((await new LocalTree(this.#root).modifiedMs({ kind, name })) !== modifiedMs) return false;
    const files = new LocalFileStore(this.#root);
    if (kind === 'run') return await this.#removeRun(files.pathOf(layout.run(name)));
    await rm(files.pathOf(kind === 'object' ? layout.object(name) : name), { force: true, recursive: true });
    return true;
  }

  /** Out of sight first: a removal that is interrupted leaves an upload to tidy, and never half a run. */
  async #removeRun(folder: string): Promise<boolean> {
    const incoming = join(this.#root, layout.incoming);
    const away = join(incoming, `pruned_${randomBytes(6).toString('hex')}`);
    await mkdir(incoming, { recursive: true, mode: 0o700 });
    try {
      await rename(folder, away);
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return false;
      throw error;
    }
    await rm(away, { recursive: true, force: true });
    return true;
  }
}

/** Null where there is no root yet, or where the system does not tell. */
async function diskOf(root: string): Promise<HostFacts['disk']> {
  try {
    const { bavail, blocks, bsize } = await statfs(root);
    return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
  } catch {
    return null;
  }
}
