import { posix } from 'node:path';
import { loadOnce } from '../../async/load-once.ts';
import type { HostSettings, Settings } from '../../core/settings/settings-schema.ts';
import { AppError } from '../../errors/app-error.ts';
import type { Clock } from '../../ports/clock.ts';
import { layout } from '../../protocol/layout.ts';
import { DockerClient } from '../docker/docker-client.ts';
import { WorkerApi } from '../host-run/worker-api.ts';
import { RemoteFiles } from '../sftp/remote-files.ts';
import { SftpFileStore } from '../sftp/sftp-file-store.ts';
import { type ResolveOptions, resolveTarget } from '../ssh/resolve-target.ts';
import { SshLink } from '../ssh/ssh-link.ts';
import { addressOf } from '../ssh/ssh-target.ts';
import { StreamAgent } from '../ssh/stream-agent.ts';
import { absolutePath, rootAt } from './remote-root.ts';
import { SlotApi } from './slot-api.ts';
import { chooseWeights, type WeightsChoice, type WeightsRequest } from './weights-folder.ts';

export interface RemoteMachineOptions {
  readonly name: string;
  readonly settings: HostSettings;
  /** `[upsampling.docker]`. */
  readonly docker: Settings['upsampling']['docker'];
  readonly inference: Settings['inference'];
  readonly clock: Clock;
  readonly random01: () => number;
  /** How long a host that was reached may be unreachable before work fails, in milliseconds. */
  readonly retryForMs: number;
  readonly environment: NodeJS.ProcessEnv;
  readonly ssh?: Pick<ResolveOptions, 'sshConfigFile'>;
  /** Asks a person for a key's passphrase; null where no person can be asked. */
  askPassphrase(keyFile: string): Promise<string | null>;
}

/** A folder of weights, by its absolute path on the host. */
export type RemoteWeights = WeightsChoice & { readonly path: string };

/** A machine behind one supervised SSH link: its files, its Docker daemon, and the sockets of its workers. */
export class RemoteMachine {
  readonly name: string;
  readonly link: SshLink;
  readonly files: RemoteFiles;
  readonly docker: DockerClient;
  /** `user@address:port`. */
  readonly address: string;
  readonly options: RemoteMachineOptions;
  readonly #agents: StreamAgent[] = [];
  readonly #home: () => Promise<string>;

  private constructor(options: RemoteMachineOptions, link: SshLink, address: string) {
    const { name, clock, random01, retryForMs } = options;
    this.name = name;
    this.link = link;
    this.address = address;
    this.options = options;
    this.files = new RemoteFiles(link, name);
    this.#home = loadOnce(() => this.files.step((session) => session.realPath('.')));
    const socketPath = options.settings.docker_socket;
    const agent = this.#agentFor(socketPath);
    this.docker = new DockerClient({ hostName: name, socketPath, agent, clock, random01, retryForMs });
  }

  /** Decides how the machine is reached; connects when it is first used. @throws AppError `config-invalid`. */
  static async at(options: RemoteMachineOptions): Promise<RemoteMachine> {
    const { name, settings, clock, random01, retryForMs, environment } = options;
    const target = await resolveTarget(name, settings, { ...options.ssh, env: environment });
    const askPassphrase = (keyFile: string) => options.askPassphrase(keyFile);
    const link = new SshLink({ target, clock, random01, retryForMs, askPassphrase });
    return new RemoteMachine(options, link, addressOf(target));
  }

  /** Absolute path of the root folder. @throws AppError `config-invalid`. */
  async root(): Promise<string> {
    return rootAt(await this.#home(), this.options.settings.remote_root);
  }

  /** What containers see of the folder of weights; null when there is none. */
  async models(): Promise<RemoteWeights | null> {
    return await this.#weights('models_dir', this.options.settings.models_dir);
  }

  /** The same of a Cosmos model's checkpoints. */
  async checkpoints(): Promise<RemoteWeights | null> {
    return await this.#weights('inference.checkpoints_dir', this.options.inference.checkpoints_dir);
  }

  async runFiles(runId: string): Promise<SftpFileStore> {
    return new SftpFileStore(this.files, posix.join(await this.root(), layout.run(runId)));
  }

  async workerApi(runId: string, workerId: number): Promise<WorkerApi> {
    return await this.#apiAt(posix.join(layout.run(runId), layout.workerSocket(workerId)));
  }

  async slotApi(slotId: number): Promise<SlotApi> {
    return new SlotApi(await this.#apiAt(layout.slotSocket(slotId)), this.name);
  }

  /** Calls back whenever the machine is lost or found again, until the returned function is called. */
  watch(listener: (change: { readonly isReachable: boolean; readonly message: string }) => void): () => void {
    let wasReachable = true;
    return this.link.onChange(({ isReachable, message }) => {
      if (isReachable === wasReachable) return;
      wasReachable = isReachable;
      listener({ isReachable, message: message ?? `${this.name} cannot be reached.` });
    });
  }

  async close(): Promise<void> {
    for (const agent of this.#agents) agent.destroy();
    await this.link.close();
  }

  async #weights(setting: WeightsRequest['setting'], given: string): Promise<RemoteWeights | null> {
    if (given === '') return null;
    const [home, rootPath] = await Promise.all([this.#home(), this.root()]);
    const path = absolutePath(home, given);
    const request = { setting, path, home, rootPath };
    return { path, ...(await this.files.step((session) => chooseWeights(session, request))) };
  }

  async #apiAt(socket: string): Promise<WorkerApi> {
    const root = await this.root();
    const path = posix.join(root, socket);
    const folders = [posix.dirname(path), posix.dirname(posix.dirname(path))].filter((each) => each !== root);
    const agent = this.#agentFor(path, () => this.#refuseLinkedSocket(path, folders));
    return new WorkerApi({ agent }, this.name);
  }

  /**
   * A program in a container can put a link in place of a worker's socket, and it would lead to any socket of the host.
   *
   * @throws AppError `host-refused`
   */
  async #refuseLinkedSocket(path: string, folders: readonly string[]): Promise<void> {
    const [found] = await this.files.step((session) =>
      Promise.all([session.lstat(path), session.refuseLinks(folders)]),
    );
    if (!found?.isSymbolicLink()) return;
    throw new AppError({
      code: 'host-refused',
      message: `${this.name}: there is a link where a worker's socket should be: ${path}.`,
      nextStep: 'Find out who put it there, remove it, and run the command again.',
    });
  }

  /** @param check - Called before each connection. */
  #agentFor(socketPath: string, check: () => Promise<void> = async () => undefined): StreamAgent {
    const open = async () => {
      await check();
      return await this.link.openStream(socketPath);
    };
    const agent = new StreamAgent(open, { keepAlive: true });
    this.#agents.push(agent);
    return agent;
  }
}
