import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { slotContainerName } from '../../../src/adapters/docker/container-spec.ts';
import type { RemoteMachineOptions } from '../../../src/adapters/ssh-host/remote-machine.ts';
import { SshHost } from '../../../src/adapters/ssh-host/ssh-host.ts';
import { systemClock } from '../../../src/adapters/system-clock.ts';
import { resolveSettings } from '../../../src/core/settings/resolve-settings.ts';
import type { HostSettings } from '../../../src/core/settings/settings-schema.ts';
import type { Host } from '../../../src/ports/host.ts';
import type { HostBench } from '../contracts/host-bench.ts';
import { sampleEngine } from '../sample-work.ts';
import { startStandInServer } from '../stand-in-server.ts';
import { clientOf, type LabFacts } from './lab.ts';
import { startSshd } from './sshd.ts';
import { guard, unguard } from './watchdog.ts';

const run = promisify(execFile);

/** What tests of remote hosts need besides. */
export interface RemoteBench extends HostBench {
  readonly root: string;
  /** What its hosts are made of. */
  readonly parts: RemoteMachineOptions;
  /** As somebody with other settings would have it. */
  createHost(change?: Partial<HostSettings>): Host;
  /** Name of a slot's container. */
  container(slotId: number): string;
}

/** A host over a real sshd and a real Docker engine, whose engine is a stand-in on this machine. */
export async function createRemoteBench(lab: LabFacts): Promise<RemoteBench> {
  const folder = await mkdtemp('/tmp/crb-');
  guard(folder);
  const root = join(folder, 'r');
  const sshd = await startSshd();
  const server = await startStandInServer({ slots: 2, latencyMs: 60 });
  const settings = hostSettings({
    ...sshd.settings,
    remote_root: root,
    docker_socket: lab.dockerSocket,
    image: lab.image,
    gpus: 'none',
    // The stand-in listens on this machine; what has its server in the container needs no network.
    network: 'host',
  });
  const container = (workerId: number) => slotContainerName(root, workerId);
  const docker = async (...args: string[]) =>
    await run('docker', ['-H', `unix://${lab.dockerSocket}`, ...args]);
  return {
    root,
    parts: machineOptions('gpu1', settings),
    engine: sampleEngine(server.baseUrl, { concurrency: 2 }),
    container,
    createHost: (change = {}) => new SshHost(machineOptions('gpu1', { ...settings, ...change })),
    asksFor: (prompt) => server.stats.asks.filter((ask) => ask.text === prompt).length,
    hold: server.hold,
    release: server.release,
    killWorker: async (_runId, workerId) => {
      await docker('kill', container(workerId));
    },
    ruinWorker: async (_runId, workerId) => {
      // A folder where its socket belongs: nobody can listen there.
      await docker('kill', container(workerId));
      const socket = join(root, 'slots', `slot_${workerId}.sock`);
      await rm(socket, { force: true });
      await mkdir(join(socket, 'ruined'), { recursive: true });
      return { mend: () => rm(socket, { recursive: true }) };
    },
    [Symbol.asyncDispose]: async () => {
      await removeContainers(lab, root);
      await server.stop();
      await sshd.stop();
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
      unguard(folder);
    },
  };
}

/** Settings of one host, with every default. */
export function hostSettings(values: Partial<HostSettings>): HostSettings {
  const { hosts } = resolveSettings([{ source: 'the test', values: { hosts: { gpu1: values } } }]);
  const [settings] = Object.values(hosts);
  if (!settings) throw new Error('there is no host in the settings');
  return settings;
}

/** What an SSH host is made of in tests. */
export function machineOptions(name: string, settings: HostSettings) {
  return {
    name,
    settings,
    docker: { num_gpu: 1, cuda_devices: '0', offload_models: true },
    inference: resolveSettings([]).inference,
    clock: systemClock,
    random01: Math.random,
    retryForMs: 30_000,
    environment: {},
    askPassphrase: async () => null,
  };
}

/** Removes the containers of a root folder, whatever they do. */
export async function removeContainers(lab: LabFacts, root: string): Promise<void> {
  const client = clientOf(lab.dockerSocket);
  const filters = { label: [`cosmos.root=${root}`] };
  const found = await client.call((docker) => docker.listContainers({ all: true, filters }));
  for (const { Id } of found) {
    await client.find((docker) => docker.getContainer(Id).remove({ force: true }));
  }
}
