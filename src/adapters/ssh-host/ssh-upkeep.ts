import { randomBytes } from 'node:crypto';
import { posix } from 'node:path';
import { findUnneeded } from '../../core/upkeep/find-unneeded.ts';
import type { CheckResult } from '../../ports/diagnostics.ts';
import type {
  HostFacts,
  HostUpkeep,
  PreparedHost,
  PrepareProgress,
  PruneRules,
  Unneeded,
} from '../../ports/host-upkeep.ts';
import { layout } from '../../protocol/layout.ts';
import type { BuildFiles } from '../docker/build-context.ts';
import { findImage } from '../docker/images.ts';
import { prepareImage } from '../docker/prepare-image.ts';
import { removeTree } from '../sftp/remove-tree.ts';
import { checkHost } from './check-host.ts';
import { findUnneededInEngine, removeFromEngine } from './engine-leftovers.ts';
import { RemoteMachine, type RemoteMachineParts } from './remote-machine.ts';
import { makeRoot } from './remote-root.ts';
import { RemoteTree } from './remote-tree.ts';
import { slotFactsOf } from './slot-facts.ts';

/** How long a host is waited for, in milliseconds: a person looks on. */
const patienceMs = 15_000;

/** What a {@link SshUpkeep} is made of. */
export interface SshUpkeepParts extends RemoteMachineParts {
  /** What the worker's image is built from. */
  readonly buildFiles: BuildFiles;
  /** Whether its workers are to start the model's server, as the settings stand. */
  readonly servesModel: boolean;
}

/** Upkeep of a machine that is reached over SSH and runs Docker. */
export class SshUpkeep implements HostUpkeep {
  readonly name: string;
  readonly #parts: SshUpkeepParts;
  #machine: Promise<RemoteMachine> | null = null;

  constructor(parts: SshUpkeepParts) {
    this.name = parts.name;
    this.#parts = { ...parts, patienceMs: Math.min(patienceMs, parts.patienceMs) };
  }

  async prepare(
    { isForced }: { readonly isForced: boolean },
    onProgress: (progress: PrepareProgress) => void,
    signal: AbortSignal,
  ): Promise<PreparedHost> {
    const machine = await this.#open();
    const { image, base_image: baseImage } = this.#parts.settings;
    onProgress({ message: `Connected to ${machine.address}`, fraction: null });
    const root = await machine.root();
    await machine.files.step((session) => makeRoot(session, root));
    const files = this.#parts.buildFiles;
    return await prepareImage(
      { client: machine.docker, image, baseImage, files, isForced },
      onProgress,
      signal,
    );
  }

  async status(): Promise<HostFacts> {
    const machine = await this.#open();
    const { image } = this.#parts.settings;
    const root = await machine.root();
    const [{ version }, found, disk, slots] = await Promise.all([
      machine.docker.version(),
      findImage(machine.docker, image),
      machine.files.step(async (session) => (await session.space(root)) ?? (await session.space('/'))),
      slotFactsOf(machine, this.#parts),
    ]);
    return {
      name: this.name,
      address: machine.address,
      dockerVersion: version,
      image: { name: image, isPresent: found !== null },
      slots: slots.facts,
      gpus: slots.gpus,
      disk: disk && { freeBytes: disk.freeBytes, totalBytes: disk.totalBytes },
    };
  }

  async findUnneeded(rules: PruneRules): Promise<readonly Unneeded[]> {
    const machine = await this.#open();
    const root = await machine.root();
    const { facts } = await slotFactsOf(machine, this.#parts);
    const served = facts.flatMap(({ status }) => (status?.runs ?? []).map(({ run_id: runId }) => runId));
    const tree = new RemoteTree(machine.files, root, new Set(served));
    const nowMs = await hostTime(machine, root);
    const inFiles = await findUnneeded(tree, { ...rules, nowMs });
    return [...inFiles, ...(await findUnneededInEngine(machine.docker, root, this.#parts.settings.image))];
  }

  async remove(unneeded: readonly Unneeded[], rules: PruneRules): Promise<readonly Unneeded[]> {
    const machine = await this.#open();
    const root = await machine.root();
    const present = (await this.findUnneeded(rules)).filter((thing) => isAmong(thing, unneeded));
    for (const thing of present) {
      if (thing.kind === 'run') await removeRun(machine, root, thing.name);
      else if (thing.kind === 'object')
        await removeFile(machine, posix.join(root, layout.object(thing.name)));
      else if (thing.kind === 'upload') await removeUpload(machine, posix.join(root, thing.name));
      else await removeFromEngine(machine.docker, thing);
    }
    return present;
  }

  async check(): Promise<readonly CheckResult[]> {
    return await checkHost(() => this.#open(), this.#parts);
  }

  async close(): Promise<void> {
    const machine = await this.#machine?.catch(() => null);
    this.#machine = null;
    await machine?.close();
  }

  #open(): Promise<RemoteMachine> {
    this.#machine ??= RemoteMachine.at(this.#parts);
    return this.#machine;
  }
}

function isAmong({ kind, name }: Unneeded, things: readonly Unneeded[]): boolean {
  return things.some((thing) => thing.kind === kind && thing.name === name);
}

/** The time by the clock that stamps the host's files, to the second. */
async function hostTime(machine: RemoteMachine, root: string): Promise<number> {
  const path = posix.join(root, layout.incoming, `clock.${randomBytes(6).toString('hex')}`);
  return await machine.files.step(async (session) => {
    await session.close(await session.openForWriting(path, 'w'));
    const found = await session.stat(path);
    await session.remove(path);
    return (found?.mtime ?? 0) * 1000;
  });
}

/** Out of sight first: a removal that is interrupted leaves an upload to tidy, and never half a run. */
async function removeRun(machine: RemoteMachine, root: string, runId: string): Promise<void> {
  const away = posix.join(root, layout.incoming, `pruned_${randomBytes(6).toString('hex')}`);
  await machine.files.step((session) => session.rename(posix.join(root, layout.run(runId)), away));
  await machine.files.step((session) => removeTree(session, away));
}

async function removeFile(machine: RemoteMachine, path: string): Promise<void> {
  await machine.files.step((session) => session.remove(path));
}

async function removeUpload(machine: RemoteMachine, path: string): Promise<void> {
  await machine.files.step(async (session) => {
    if ((await session.stat(path))?.isDirectory()) await removeTree(session, path);
    else await session.remove(path);
  });
}
