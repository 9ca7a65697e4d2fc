import { placeWorkers } from '../../core/dealing/number-workers.ts';
import type { Host, HostRun, HostRunFacts, HostRunOptions, LogName, LogPart } from '../../ports/host.ts';
import { isUnreachable, throwFailures } from './machine-failures.ts';
import { type PoolMachine, PoolMember, type PoolOptions } from './pool-member.ts';
import { PoolRun } from './pool-run.ts';

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

function configuredOf(machines: readonly PoolMachine[]): number[] {
  return machines.map(({ workers }) => workers);
}

function isUnforeseen(outcome: PromiseSettledResult<unknown>): boolean {
  return outcome.status === 'rejected' && !isUnreachable(outcome.reason);
}
