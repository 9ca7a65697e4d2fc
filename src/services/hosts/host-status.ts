import type { HostFacts } from '../../ports/host-upkeep.ts';
import type { Ports } from '../../ports/ports.ts';

/** How a host stands. @throws AppError `host-unknown`, `host-unreachable` and the other errors of connecting. */
export async function hostStatus(host: string, ports: Pick<Ports, 'upkeep'>): Promise<HostFacts> {
  const upkeep = ports.upkeep(host);
  try {
    return await upkeep.status();
  } finally {
    await upkeep.close();
  }
}
