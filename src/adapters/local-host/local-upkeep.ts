import type { Stats } from 'node:fs';
import { lstat, mkdir, readdir, rename, rm, statfs } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import pMap from 'p-map';
import { findUnneeded, type UnneededThing } from '../../core/upkeep/find-unneeded.ts';
import { gpuQuery, parseGpus } from '../../core/upkeep/parse-gpus.ts';
import { AppError } from '../../errors/app-error.ts';
import type { Clock } from '../../ports/clock.ts';
import type { CheckResult } from '../../ports/diagnostics.ts';
import type {
  GpuFacts,
  HostFacts,
  HostUpkeep,
  PreparedHost,
  PruneRules,
  Unneeded,
} from '../../ports/host-upkeep.ts';
import { layout } from '../../protocol/layout.ts';
import { LocalFileStore } from '../files/local-file-store.ts';
import { unlessMissing } from '../files/unless-missing.ts';
import { runProcess } from '../run-process.ts';
import { FileHostTree, type HostRootFiles, notReadable, type TreeEntry } from '../upkeep/file-host-tree.ts';
import { removeUnneeded } from '../upkeep/remove-unneeded.ts';
import { liveWorkers, localSlots } from './live-workers.ts';

const readsAtOnce = 64;

class LocalRootFiles implements HostRootFiles {
  readonly #root: LocalFileStore;

  constructor(root: LocalFileStore) {
    this.#root = root;
  }

  async names(folder: string, isWanted: (name: string) => boolean): Promise<readonly string[]> {
    const names = await unlessMissing(readdir(this.#root.pathOf(folder)), 'ENOTDIR');
    return (names ?? []).filter(isWanted);
  }

  async entries(folder: string, isWanted: (name: string) => boolean): Promise<readonly TreeEntry[]> {
    const read = (name: string) => this.entry(`${folder}/${name}`);
    const entries = await pMap(await this.names(folder, isWanted), read, { concurrency: readsAtOnce });
    return entries.filter((entry) => entry !== null);
  }

  async sizeOf(folder: string): Promise<number> {
    const entries = await this.entries(folder, () => true);
    return entries.reduce((sum, { sizeBytes }) => sum + (sizeBytes ?? 0), 0);
  }

  async entry(path: string): Promise<TreeEntry | null> {
    const found = await unlessMissing(lstat(this.#root.pathOf(path)), 'ENOTDIR');
    return found && toEntry(basename(path), found);
  }

  async readText(path: string): Promise<string | null> {
    try {
      const bytes = await this.#root.read(path);
      return bytes && Buffer.from(bytes).toString('utf8');
    } catch (error) {
      throw error instanceof RangeError
        ? notReadable(`This machine: ${this.#root.pathOf(path)}`, error)
        : error;
    }
  }

  async move(from: string, to: string): Promise<boolean> {
    const target = this.#root.pathOf(to);
    await mkdir(dirname(target), { recursive: true, mode: 0o700 });
    const moving = rename(this.#root.pathOf(from), target).then(() => true);
    return (await unlessMissing(moving, 'ENOTDIR')) ?? false;
  }

  async remove(path: string): Promise<void> {
    await rm(this.#root.pathOf(path), { force: true, recursive: true });
  }
}

/** Bounds of nvidia-smi, which wakes sleeping GPUs. */
const gpuQueryLimits = { timeoutMs: 10_000, maxStdoutBytes: 1 << 20 };

/** Upkeep of this machine: it needs no preparation, but runs and objects pile up as on any other host. */
export class LocalUpkeep implements HostUpkeep {
  readonly name = 'local';
  readonly #root: string;
  readonly #clock: Clock;
  readonly #tree: FileHostTree;

  /** @param options - `root` is that of the `LocalHost`. */
  constructor({ root, clock }: { readonly root: string; readonly clock: Clock }) {
    this.#root = root;
    this.#clock = clock;
    const isServed = async (runId: string) => (await liveWorkers(join(root, layout.run(runId)))).length > 0;
    this.#tree = new FileHostTree(new LocalRootFiles(new LocalFileStore(root)), isServed);
  }

  async prepare(): Promise<PreparedHost> {
    throw new AppError({
      code: 'usage-invalid',
      message: 'This machine needs no preparation: workers are processes here, not containers.',
      nextStep: 'Check what a run needs with: cosmos doctor',
    });
  }

  async status(): Promise<HostFacts> {
    const [slots, gpus, disk] = await Promise.all([localSlots(this.#root), localGpus(), diskOf(this.#root)]);
    return {
      name: this.name,
      address: 'this machine',
      ...{ dockerVersion: null, image: null, upscalerImage: null, inferenceImage: null },
      ...{ slots, gpus, disk },
    };
  }

  async findUnneeded(rules: PruneRules): Promise<readonly UnneededThing[]> {
    return await findUnneeded(this.#tree, { ...rules, nowMs: this.#clock.now() });
  }

  async remove(unneeded: readonly Unneeded[], rules: PruneRules): Promise<readonly Unneeded[]> {
    return await removeUnneeded(unneeded, {
      find: () => this.findUnneeded(rules),
      remove: (thing) => this.#tree.remove(thing),
    });
  }

  /** `doctor` itself checks what a run needs on this machine. */
  async check(): Promise<readonly CheckResult[]> {
    return [];
  }

  async close(): Promise<void> {
    // Nothing is held open.
  }
}

/** The GPUs of this machine; none where nvidia-smi is not there or does not answer. */
async function localGpus(): Promise<GpuFacts[]> {
  try {
    const { stdout } = await runProcess('nvidia-smi', gpuQuery, gpuQueryLimits);
    return parseGpus(stdout.toString('utf8'));
  } catch {
    return [];
  }
}

/** Null where there is no root yet, or where the system does not say. */
async function diskOf(root: string): Promise<HostFacts['disk']> {
  const found = await statfs(root).catch(() => null);
  return found && { freeBytes: found.bavail * found.bsize, totalBytes: found.blocks * found.bsize };
}

function toEntry(name: string, stats: Stats): TreeEntry {
  const { size, nlink, mtimeMs, ctimeMs } = stats;
  const isFolder = stats.isDirectory();
  return {
    name,
    isFolder,
    // Removing a file that has another name elsewhere frees nothing.
    sizeBytes: isFolder ? null : nlink > 1 ? 0 : size,
    // An object may be a second name of an older file: only the time of its last renaming or linking is its own.
    modifiedMs: isFolder ? mtimeMs : Math.max(mtimeMs, ctimeMs),
  };
}
