import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RemoteMachine } from '../../../src/adapters/ssh-host/remote-machine.ts';
import { RemoteObjectStore } from '../../../src/adapters/ssh-host/remote-object-store.ts';
import { type CallSlot, slotCaller } from '../../../src/adapters/ssh-host/slot-api.ts';
import { SshHost } from '../../../src/adapters/ssh-host/ssh-host.ts';
import { systemClock } from '../../../src/adapters/system-clock.ts';
import type { LabFacts } from '../../../test/support/lab/lab.ts';
import { hostSettings, machineOptions } from '../../../test/support/lab/remote-bench.ts';
import type { RemoteStage } from '../../../test/support/lab/remote-stage.ts';
import { openFarPort } from './far-port.ts';
import type { Way } from './openssh.ts';

/** Our side of a connection to the host. */
export interface Connected {
  readonly machine: RemoteMachine;
  readonly callSlot: CallSlot;
  readonly objects: RemoteObjectStore;
}

/** A host with a slot that verifies and publishes what is sent to it. */
export class TransferHost {
  readonly root: string;
  /** Where others may put what they send. */
  readonly elsewhere: string;
  readonly #stage: RemoteStage;
  readonly #lab: LabFacts;
  readonly #attic: string;

  private constructor(stage: RemoteStage, lab: LabFacts) {
    this.#stage = stage;
    this.#lab = lab;
    this.root = stage.root;
    this.elsewhere = join(stage.folder, 'elsewhere');
    this.#attic = join(stage.folder, 'attic');
  }

  /** Starts the slot. */
  static async prepare(stage: RemoteStage, lab: LabFacts): Promise<TransferHost> {
    const host = new TransferHost(stage, lab);
    const run = await new SshHost(host.#partsOf(host.directWay)).openRun('transfer', { workers: 1 });
    await run.stop(0);
    await run.close();
    await mkdir(host.elsewhere);
    return host;
  }

  /** Straight to sshd. */
  get directWay(): Way {
    return this.#stage.sshd.settings;
  }

  /** Does something over a way whose every round trip takes so long; 0 for the direct one. */
  async at<Result>(roundTripMs: number, work: (way: Way) => Promise<Result>): Promise<Result> {
    if (roundTripMs === 0) return await work(this.directWay);
    await using far = await openFarPort(this.directWay.port, roundTripMs);
    const knownHosts = join(this.#stage.folder, `known_hosts_${far.port}`);
    const keys = await readFile(this.directWay.known_hosts_file, 'utf8');
    await writeFile(knownHosts, keys.replaceAll(`:${this.directWay.port}`, `:${far.port}`));
    return await work({ ...this.directWay, port: far.port, known_hosts_file: knownHosts });
  }

  /** Does something over a new connection of ours. */
  async connected(way: Way, work: (connected: Connected) => Promise<void>): Promise<void> {
    const machine = await RemoteMachine.at(this.#partsOf(way));
    try {
      const callSlot = slotCaller([await machine.slotApi(0)], systemClock);
      const objects = new RemoteObjectStore({ files: machine.files, root: this.root, callSlot });
      await work({ machine, callSlot, objects });
    } finally {
      await machine.close();
    }
  }

  /** How many objects the host has. */
  async objectCount(): Promise<number> {
    return (await readdir(join(this.root, 'objects'))).length;
  }

  /**
   * Puts everything that was sent out of the way. Nothing is removed before the end: file systems such as ext4 find
   * room for new files more slowly for some seconds after many were removed, which whoever comes next would pay for.
   */
  async clear(): Promise<void> {
    const attic = join(this.#attic, randomUUID());
    for (const folder of ['objects', 'incoming']) {
      await mkdir(join(attic, folder), { recursive: true });
      for (const name of await readdir(join(this.root, folder))) {
        await rename(join(this.root, folder, name), join(attic, folder, name)).catch(unlessGone);
      }
    }
    await rename(this.elsewhere, join(attic, 'elsewhere'));
    await mkdir(this.elsewhere);
  }

  #partsOf(way: Way) {
    const settings = { docker_socket: this.#lab.dockerSocket, image: this.#lab.image, gpus: 'none' };
    return machineOptions('gpu1', hostSettings({ ...way, ...settings, remote_root: this.root }));
  }
}

/** Clients remove their uploads without waiting for it. */
function unlessGone(error: unknown): void {
  if (!(error instanceof Error) || !('code' in error) || error.code !== 'ENOENT') throw error;
}
