import { localHostName } from '../../core/settings/host-named.ts';
import type { Settings } from '../../core/settings/settings-schema.ts';
import { AppError, messageOf } from '../../errors/app-error.ts';
import type { HostFacts } from '../../ports/host-upkeep.ts';
import type { Ports } from '../../ports/ports.ts';
import { hostStatus } from './host-upkeep.ts';

/** How long one host has to answer, in milliseconds. */
const hostDeadlineMs = 15_000;

/** A host of the settings. JSON, so snake_case. */
export interface ListedHost {
  readonly name: string;
  /** Null for this machine. */
  readonly address: string | null;
  readonly workers: number;
  readonly gpus: string;
  /** Names of the pools that it is in. */
  readonly pools: readonly string[];
  /** What the host says; missing where it was not asked, null for this machine, which needs no image. */
  readonly on_host?: HostAnswer | null;
}

/** What a host says of its images. JSON, so snake_case. */
export interface HostAnswer {
  /** `refused`: it was reached, and does not let cosmos in or has no Docker; `message` says why. */
  readonly state: 'prepared' | 'not-prepared' | 'unreachable' | 'refused';
  /** Images of workers that are there. */
  readonly images: readonly string[];
  /** Why it could not be asked. */
  readonly message: string | null;
}

/** The hosts of the settings, this machine first. Nothing is contacted. */
export function listHosts({ hosts, pools }: Settings): readonly ListedHost[] {
  const names = [...new Set([localHostName, ...Object.keys(hosts)])];
  return names.map((name) => {
    const { address = '', workers = 1, gpus = 'all' } = hosts[name] ?? {};
    const inPools = Object.entries(pools).filter(([, pool]) => pool.hosts.includes(name));
    return {
      name,
      address: name === localHostName ? null : address,
      ...{ workers, gpus },
      pools: inPools.map(([pool]) => pool),
    };
  });
}

/** Asks all hosts at once for their images. One that does not answer within 15 s is marked so; nothing is thrown for it. */
export async function checkHosts(
  hosts: readonly ListedHost[],
  ports: Pick<Ports, 'upkeep' | 'clock'>,
): Promise<readonly ListedHost[]> {
  return await Promise.all(
    hosts.map(async (host) => ({
      ...host,
      on_host: host.name === localHostName ? null : await answerOf(host.name, ports),
    })),
  );
}

async function answerOf(name: string, ports: Pick<Ports, 'upkeep' | 'clock'>): Promise<HostAnswer> {
  const stop = new AbortController();
  const timeout = ports.clock.sleep(hostDeadlineMs, stop.signal).then(
    () => unreachable(`no answer within ${hostDeadlineMs / 1000} s`),
    () => unreachable(''),
  );
  const asked = hostStatus(name, ports).then(imagesOf, (error: unknown) => {
    if (!(error instanceof AppError)) throw error;
    const state = error.code === 'host-unreachable' ? 'unreachable' : 'refused';
    return { state, images: [], message: messageOf(error) } as const;
  });
  return await Promise.race([asked, timeout]).finally(() => stop.abort());
}

function imagesOf({ image, upscalerImage, inferenceImage }: HostFacts): HostAnswer {
  const images = [image, upscalerImage, inferenceImage].flatMap((found) =>
    found?.isPresent ? [found.name] : [],
  );
  return { state: images.length > 0 ? 'prepared' : 'not-prepared', images, message: null };
}

function unreachable(message: string): HostAnswer {
  return { state: 'unreachable', images: [], message };
}
