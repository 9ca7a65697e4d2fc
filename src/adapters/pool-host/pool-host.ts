import type { Host, HostRun, HostRunFacts, HostRunOptions, LogName, LogPart } from '../../ports/host.ts';
import { isUnreachable, throwFailures } from './machine-failures.ts';
import { type PoolMachine, PoolMember, type PoolOptions } from './pool-member.ts';
import { PoolRun } from './pool-run.ts';

/** A worker of a pool: which member's, and its number there. */
interface PlacedWorker {
  readonly member: number;
  readonly workerId: number;
}

/** Several machines as one {@link Host}. Its workers are numbered over all of them. */
export class PoolHost implements Host {
  readonly name: string;
  readonly isSpread = true;
  readonly #options: PoolOptions;

  constructor(options: PoolOptions) {
    this.name = options.name;
    this.#options = options;
  }

  async openRun(runId: string, options: HostRunOptions): Promise<HostRun> {
    const members = this.#membersFor(options.workers).filter(({ workerIds }) => workerIds.length > 0);
    const run = new PoolRun({ ...this.#options, runId, runOptions: options, members });
    await run.open();
    return run;
  }

  /** @throws AppError `host-unreachable` that names the machines that cannot be told, when all others are stopped. */
  async stopRun(...[runId, options]: Parameters<Host['stopRun']>): Promise<void> {
    const members = this.#membersFor(options.workers).filter(({ workerIds }) => workerIds.length > 0);
    const stopped = await Promise.allSettled(
      members.map(({ host, workerIds }) => host.stopRun(runId, { ...options, workers: workerIds.length })),
    );
    throwFailures(stopped, members);
  }

  async lookUp(runId: string): Promise<HostRunFacts> {
    const { machines } = this.#options;
    const asked = await Promise.allSettled(machines.map(({ host }) => host.lookUp(runId)));
    const known = asked.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    // An unreachable machine takes nothing from what the others say.
    if (known.length === 0 || asked.some(isUnforeseen)) throwFailures(asked, machines);
    const states = new Set(known.map(({ state }) => state));
    const order = ['running', 'stopped', 'finished', 'unknown'] as const;
    return {
      state: order.find((state) => states.has(state)) ?? 'unknown',
      finishedTasks: known.reduce((sum, { finishedTasks }) => sum + finishedTasks, 0),
      totalTasks: known.reduce((sum, { totalTasks }) => sum + totalTasks, 0),
    };
  }

  async readLog(runId: string, { kind, workerId }: LogName, fromByte: number): Promise<LogPart | null> {
    const { machines } = this.#options;
    const place = placeWorkers(configuredOf(machines), workerId + 1).at(-1);
    const machine = place && machines[place.member];
    if (!place || !machine) return null;
    return await machine.host.readLog(runId, { kind, workerId: place.workerId }, fromByte);
  }

  async close(): Promise<void> {
    await Promise.all(this.#options.machines.map(({ host }) => host.close()));
  }

  #membersFor(workers: number): PoolMember[] {
    const { machines } = this.#options;
    const places = placeWorkers(configuredOf(machines), workers);
    return machines.map((machine, at) => {
      const workerIds = places.flatMap(({ member }, workerId) => (member === at ? [workerId] : []));
      return new PoolMember(machine, workerIds);
    });
  }
}

/**
 * Which member has which worker of a pool. Each next worker goes to the member that has the smallest share of those it is
 * configured for, so the numbers are the same however many workers a run has.
 *
 * @param configured - Workers of each member, at least 1.
 * @param workers - How many are numbered.
 */
export function placeWorkers(configured: readonly number[], workers: number): PlacedWorker[] {
  const given = configured.map(() => 0);
  return Array.from({ length: workers }, () => {
    const shares = configured.map((most, member) => (given[member] ?? 0) / most);
    const member = shares.indexOf(Math.min(...shares));
    const workerId = given[member] ?? 0;
    given[member] = workerId + 1;
    return { member, workerId };
  });
}

function configuredOf(machines: readonly PoolMachine[]): number[] {
  return machines.map(({ workers }) => workers);
}

function isUnforeseen(outcome: PromiseSettledResult<unknown>): boolean {
  return outcome.status === 'rejected' && !isUnreachable(outcome.reason);
}
