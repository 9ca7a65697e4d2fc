import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { slotContainerName } from '../../../src/adapters/docker/container-spec.ts';
import { Cli } from '../run-cli.ts';
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts';
import type { LabFacts } from './lab.ts';
import { removeContainers } from './remote-bench.ts';
import { type LabSshd, startSshd } from './sshd.ts';
import { guard, unguard } from './watchdog.ts';

const run = promisify(execFile);

/** Values of config.toml, one section each. */
export type Sections = Readonly<
  Record<string, Readonly<Record<string, string | number | boolean | readonly string[]>>>
>;

/** A user's machine with the program, and a host `gpu1` behind a network that can be disturbed. */
export interface RemoteStage extends AsyncDisposable {
  readonly folder: string;
  readonly cli: Cli;
  readonly sshd: LabSshd;
  /** What lies between the program and the host's sshd. */
  readonly network: FaultProxy;
  /** The host's root folder, on this machine. */
  readonly root: string;
  /** Name of a slot's container. */
  container(slotId?: number): string;
  /** Calls the host's Docker engine; gives what it prints. */
  docker(...args: readonly string[]): Promise<string>;
  /** Root folder of a further host of this name, on this machine. */
  rootOf(host: string): string;
  /** Writes config.toml anew: the hosts' own settings, and these over them; `hosts.NAME` is a further one, on the same machine. */
  configure(sections?: Sections): Promise<void>;
}

/** Sets one up; `root` where the host's root folder is to be somewhere else. */
export async function createRemoteStage(
  lab: LabFacts,
  options: { readonly sections?: Sections; readonly root?: string } = {},
): Promise<RemoteStage> {
  const folder = await mkdtemp('/tmp/crs-');
  guard(folder);
  const root = options.root ?? join(folder, 'r');
  const sshd = await startSshd();
  const network = await startFaultProxy(sshd.port);
  const knownHosts = join(folder, 'known_hosts');
  // The key is filed under the port that the program connects to.
  await writeFile(
    knownHosts,
    (await readFile(sshd.knownHostsFile, 'utf8')).replaceAll(`:${sshd.port}`, `:${network.port}`),
  );
  const cli = new Cli(folder);
  const roots = new Map([['gpu1', root]]);
  const rootOf = (host: string) => roots.get(host) ?? join(folder, host);
  const stage: RemoteStage = {
    folder,
    cli,
    sshd,
    network,
    root,
    rootOf,
    container: (slotId = 0) => slotContainerName(root, slotId),
    docker: async (...args) => (await run('docker', ['-H', `unix://${lab.dockerSocket}`, ...args])).stdout,
    configure: async (sections = {}) => {
      const usual = {
        address: '127.0.0.1',
        port: network.port,
        user: sshd.settings.user,
        identity_file: sshd.identityFile,
        known_hosts_file: knownHosts,
        docker_socket: lab.dockerSocket,
        image: lab.image,
        base_image: lab.baseImage,
        gpus: 'none',
      };
      const names = Object.keys(sections).flatMap((name) => /^hosts\.(.+)$/.exec(name)?.[1] ?? []);
      const hosts = [...new Set(['gpu1', ...names])].map((name) => {
        roots.set(name, rootOf(name));
        return [`hosts.${name}`, { ...usual, remote_root: rootOf(name), ...sections[`hosts.${name}`] }];
      });
      await mkdir(cli.workingFolder, { recursive: true });
      await cli.configure(toToml({ ...sections, ...Object.fromEntries(hosts) }));
    },
    [Symbol.asyncDispose]: async () => {
      for (const each of roots.values()) await removeContainers(lab, each);
      await network.stop();
      await sshd.stop();
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
      unguard(folder);
    },
  };
  await stage.configure(options.sections);
  return stage;
}

function toToml(sections: Sections): string {
  return Object.entries(sections)
    .map(([name, values]) => {
      const lines = Object.entries(values).map(([key, value]) => `${key} = ${JSON.stringify(value)}`);
      return `[${name}]\n${lines.join('\n')}\n`;
    })
    .join('\n');
}
