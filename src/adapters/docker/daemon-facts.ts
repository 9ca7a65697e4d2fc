import { answerAs, infoSchema } from './answers.ts';
import type { DockerClient } from './docker-client.ts';

/** How a Docker daemon is set up, as far as it matters here. */
export interface DaemonFacts {
  readonly version: string;
  /** Root in its containers is the user whom it runs as, so workers run as root to own what that user owns. */
  readonly isRootless: boolean;
  /** Whether it says that it can give NVIDIA GPUs to containers. */
  readonly hasNvidiaRuntime: boolean;
  /**
   * The time by the host's clock, which also stamps its files, in milliseconds since the epoch; 0, which makes
   * everything young, where the daemon does not say.
   */
  readonly timeMs: number;
}

/** @throws AppError of connecting, or `host-refused` for a daemon that is too old. */
export async function daemonFacts(client: DockerClient): Promise<DaemonFacts> {
  const [version, answer] = await Promise.all([
    client.version(),
    client.call<unknown>((docker) => docker.info()),
  ]);
  const info = answerAs(infoSchema, answer, 'itself', client.daemon);
  return {
    version,
    isRootless: info.SecurityOptions?.some((option) => option.includes('name=rootless')) ?? false,
    hasNvidiaRuntime: Object.hasOwn(info.Runtimes ?? {}, 'nvidia'),
    timeMs: Date.parse(info.SystemTime ?? '') || 0,
  };
}
