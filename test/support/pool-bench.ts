import { CanaryCheck } from '../../src/adapters/pool-host/canary-check.ts';
import { PoolHost } from '../../src/adapters/pool-host/pool-host.ts';
import type { PoolOptions } from '../../src/adapters/pool-host/pool-member.ts';
import { systemClock } from '../../src/adapters/system-clock.ts';
import type { Machine } from '../../src/ports/host.ts';
import type { HostBench } from './contracts/host-bench.ts';
import { createLocalBench } from './local-bench.ts';

/** Options of a pool of these machines, in which all are admitted. */
export function poolOptions(
  machines: Readonly<Record<string, Machine>>,
  change: Partial<PoolOptions> = {},
): PoolOptions {
  return {
    name: Object.keys(machines).join(','),
    machines: Object.entries(machines).map(([name, host]) => ({ name, host, workers: 1 })),
    clock: systemClock,
    copyAfterMs: 60_000,
    copiesPrompts: false,
    createCheck: () => new CanaryCheck(systemClock),
    ...change,
  };
}

/** A pool of two local hosts, each in a folder of its own, whose engine is one stand-in. */
export async function createPoolBench(): Promise<HostBench> {
  const benches = [await createLocalBench(), await createLocalBench()] as const;
  const [one, other] = benches;
  const benchOf = (workerId: number) => benches[workerId % 2] ?? one;
  return {
    ...one,
    createHost: () => new PoolHost(poolOptions({ one: one.createHost(), other: other.createHost() })),
    killWorker: (runId, workerId) => benchOf(workerId).killWorker(runId, Math.floor(workerId / 2)),
    ruinWorker: (runId, workerId) => benchOf(workerId).ruinWorker(runId, Math.floor(workerId / 2)),
    [Symbol.asyncDispose]: async () => {
      for (const bench of benches) await bench[Symbol.asyncDispose]();
    },
  };
}
