import type { CheckResult } from '../../ports/diagnostics.ts';
import type { Ports } from '../../ports/ports.ts';

/** Every prerequisite on a host, named after it. @throws AppError `host-unknown`; what goes wrong there is a result. */
export async function checkHost(host: string, ports: Pick<Ports, 'upkeep'>): Promise<readonly CheckResult[]> {
  const upkeep = ports.upkeep(host);
  try {
    const checks = await upkeep.check();
    return checks.map((check) => ({ ...check, name: `${host}: ${check.name}` }));
  } finally {
    await upkeep.close();
  }
}
