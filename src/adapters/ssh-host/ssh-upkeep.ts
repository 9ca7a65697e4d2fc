import { randomBytes } from 'node:crypto';
import { posix } from 'node:path';
import { findUnneeded, type UnneededThing } from '../../core/upkeep/find-unneeded.ts';
import type { CheckResult } from '../../ports/diagnostics.ts';
import type {
  HostFacts,
  HostImage,
  HostUpkeep,
  ImageRole,
  PreparedHost,
  PrepareProgress,
  PruneRules,
  Unneeded,
} from '../../ports/host-upkeep.ts';
import { layout } from '../../protocol/layout.ts';
import type { BuildFiles } from '../docker/build-context.ts';
import {
  type DockerLeftover,
  daemonTimeMs,
  findDockerLeftovers,
  isDockerLeftover,
  removeDockerLeftover,
} from '../docker/docker-leftovers.ts';
import { findImage } from '../docker/images.ts';
import { prepareImage } from '../docker/prepare-image.ts';
import { imageRoles, workerImageOf } from '../docker/worker-images.ts';
import type { RemoteFiles } from '../sftp/remote-files.ts';
import { removeTree } from '../sftp/remove-tree.ts';
import { isSftpStatus, sftpStatus } from '../sftp/sftp-errors.ts';
import { removeUnneeded } from '../upkeep/remove-unneeded.ts';
import { checkSshHost } from './check-host.ts';
import { RemoteMachine, type RemoteMachineOptions } from './remote-machine.ts';
import { makeRoot } from './remote-root.ts';
import { RemoteTree } from './remote-tree.ts';
import { slotFactsOf } from './slot-facts.ts';

/** How long a host is waited for, in milliseconds: a person looks on. */
const retryForMs = 15_000;

/** What a {@link SshUpkeep} is made of. */
export interface SshUpkeepOptions extends RemoteMachineOptions {
  /** What each image is built from. */
  readonly buildFiles: Readonly<Record<ImageRole, BuildFiles>>;
  /** Whether its workers are to start the model's server, as the settings stand … */
  readonly servesModel: boolean;
  /** … or to upscale with a model. */
  readonly upscalesWithModel: boolean;
}

/** Upkeep of a machine that is reached over SSH and runs Docker. */
export class SshUpkeep implements HostUpkeep {
  readonly name: string;
  readonly #parts: SshUpkeepOptions;
  #machine: Promise<RemoteMachine> | null = null;

  constructor(parts: SshUpkeepOptions) {
    this.name = parts.name;
    this.#parts = { ...parts, retryForMs: Math.min(retryForMs, parts.retryForMs) };
  }

  async prepare(
    { role, isForced }: { readonly role: ImageRole; readonly isForced: boolean },
    onProgress: (progress: PrepareProgress) => void,
    signal: AbortSignal,
  ): Promise<PreparedHost> {
    const machine = await this.#open();
    onProgress({ message: `Connected to ${machine.address}`, fraction: null });
    const root = await machine.root();
    await machine.files.step((session) => makeRoot(session, root));
    const files = this.#parts.buildFiles[role];
    const image = workerImageOf(this.#parts.settings, role);
    return await prepareImage({ client: machine.docker, image, files, isForced }, onProgress, signal);
  }

  async status(): Promise<HostFacts> {
    const machine = await this.#open();
    const root = await machine.root();
    const [{ version }, image, upscalerImage, disk, slots] = await Promise.all([
      machine.docker.version(),
      this.#image(machine, 'upsampler'),
      this.#image(machine, 'upscaler'),
      machine.files.step(async (session) => (await session.space(root)) ?? (await session.space('/'))),
      slotFactsOf(machine, this.#parts),
    ]);
    return {
      name: this.name,
      address: machine.address,
      dockerVersion: version,
      image,
      upscalerImage,
      slots: slots.facts,
      gpus: slots.gpus,
      disk: disk && { freeBytes: disk.freeBytes, totalBytes: disk.totalBytes },
    };
  }

  async findUnneeded(rules: PruneRules): Promise<readonly Unneeded[]> {
    return await this.#find(await this.#open(), rules);
  }

  async remove(unneeded: readonly Unneeded[], rules: PruneRules): Promise<readonly Unneeded[]> {
    const machine = await this.#open();
    const root = await machine.root();
    const tree = new RemoteTree(machine.files, root, new Set());
    return await removeUnneeded(unneeded, {
      find: () => this.#find(machine, rules),
      remove: async (thing) => {
        if (isDockerLeftover(thing)) return await removeDockerLeftover(machine.docker, thing);
        // What somebody touched since it was found stays: a run begins to need it.
        if ((await tree.modifiedMs(thing)) !== thing.modifiedMs) return false;
        return await removeFromFiles(machine.files, root, thing);
      },
    });
  }

  async check(): Promise<readonly CheckResult[]> {
    return await checkSshHost(() => this.#open(), this.#parts);
  }

  async close(): Promise<void> {
    const machine = await this.#machine?.catch(() => null);
    this.#machine = null;
    await machine?.close();
  }

  async #find(
    machine: RemoteMachine,
    rules: PruneRules,
  ): Promise<readonly (UnneededThing | DockerLeftover)[]> {
    const root = await machine.root();
    const nowMs = await daemonTimeMs(machine.docker);
    const { facts } = await slotFactsOf(machine, this.#parts);
    const served = facts.flatMap(({ status }) => (status?.runs ?? []).map(({ run_id: runId }) => runId));
    const tree = new RemoteTree(machine.files, root, new Set(served));
    const { keepMs } = rules;
    const images = imageRoles.map((role) => workerImageOf(this.#parts.settings, role).name);
    const [inFiles, inEngine] = await Promise.all([
      findUnneeded(tree, { ...rules, nowMs }),
      findDockerLeftovers(machine.docker, { root, images, keepMs, nowMs }),
    ]);
    return [...inFiles, ...inEngine];
  }

  async #image(machine: RemoteMachine, role: ImageRole): Promise<HostImage> {
    const { name } = workerImageOf(this.#parts.settings, role);
    return { name, isPresent: (await findImage(machine.docker, name)) !== null };
  }

  #open(): Promise<RemoteMachine> {
    this.#machine ??= RemoteMachine.at(this.#parts);
    return this.#machine;
  }
}

/** Gives whether it was there to be removed. */
async function removeFromFiles(
  files: RemoteFiles,
  root: string,
  { kind, name }: UnneededThing,
): Promise<boolean> {
  if (kind === 'run') return await removeRun(files, root, name);
  const path = posix.join(root, kind === 'object' ? layout.object(name) : name);
  await files.step((session) => removeTree(session, path));
  return true;
}

/** Out of sight first: a removal that is interrupted leaves an upload to tidy, and never half a run. */
async function removeRun(files: RemoteFiles, root: string, runId: string): Promise<boolean> {
  const away = posix.join(root, layout.incoming, `pruned_${randomBytes(6).toString('hex')}`);
  const isMoved = await files.step(async (session) => {
    try {
      await session.rename(posix.join(root, layout.run(runId)), away);
    } catch (error) {
      if (!isSftpStatus(error, sftpStatus.noSuchFile)) throw error;
      // Somebody else prunes as well, or it was moved before the connection was lost.
      return (await session.lstat(away)) !== null;
    }
    return true;
  });
  if (isMoved) await files.step((session) => removeTree(session, away));
  return isMoved;
}
