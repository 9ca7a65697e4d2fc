import type { DockerClient } from './docker-client.ts';

/** How an engine is set up, as far as it matters here. */
export interface DaemonFacts {
  readonly version: string;
  /** Its root is the user it runs as, so containers work as root to own what that user owns. */
  readonly isRootless: boolean;
  /** Whether it can give NVIDIA GPUs to containers, as far as it tells. */
  readonly hasNvidiaRuntime: boolean;
}

/** @throws AppError of connecting, or `host-refused` for an engine that is too old. */
export async function daemonFacts(client: DockerClient): Promise<DaemonFacts> {
  const [{ version }, info] = await Promise.all([client.version(), client.call((docker) => docker.info())]);
  const security: readonly string[] = info.SecurityOptions ?? [];
  return {
    version,
    isRootless: security.some((option) => option.includes('name=rootless')),
    hasNvidiaRuntime: 'nvidia' in (info.Runtimes ?? {}),
  };
}
