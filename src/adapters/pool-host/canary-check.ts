import { settlesWithin } from '../../async/deadline.ts';
import type { Clock } from '../../ports/clock.ts';
import type { HostRun } from '../../ports/host.ts';
import { isSegmentEngine, type WorkEngine, type WorkTask } from '../../protocol/manifest.ts';
import {
  type CanaryFacts,
  canaryDifference,
  canaryKey,
  makeCanary,
  usualCanary,
} from '../host-run/canary.ts';
import type { MachineCheck, Verdict } from './pool-member.ts';

/** How long the first machines wait for the others before it is decided what is usual, in milliseconds. */
const votingMs = 15_000;

/**
 * Lets machines take part in the upscaling of a video whose segments can be put together with those of the others: each
 * makes the same tiny clip first. What most of the first ones make is what all others have to make.
 */
export class CanaryCheck implements MachineCheck {
  readonly #clock: Clock;
  /** Clips under way and made, by machine, in the order in which machines were asked about. */
  readonly #clips = new Map<string, Promise<CanaryFacts | null>>();
  readonly #keys = new Set<string>();
  #usual: Promise<CanaryFacts> | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Machines that are asked about in one turn vote together. Other work than upscaling needs no check. */
  async admit(
    { name, run }: { readonly name: string; readonly run: HostRun },
    engine: WorkEngine,
    sample: WorkTask | null,
    signal: AbortSignal,
  ): Promise<Verdict> {
    if (!isSegmentEngine(engine) || !sample || !('clip' in sample)) return { isAdmitted: true };
    this.#keys.add(canaryKey(sample.clip, engine));
    const making = makeCanary(run, sample.clip, engine, { clock: this.#clock, signal });
    this.#clips.set(
      name,
      making.catch(() => null),
    );
    const made = await making;
    this.#usual ??= this.#vote(made);
    const reason = canaryDifference(await this.#usual, made, engine);
    return reason === null ? { isAdmitted: true } : { isAdmitted: false, reason };
  }

  /** Whether a task is that of the check, and none of the run. */
  owns(taskKey: string): boolean {
    return this.#keys.has(taskKey);
  }

  /** @param first - What the first one made: enough where no other one answers. */
  async #vote(first: CanaryFacts): Promise<CanaryFacts> {
    const made: (CanaryFacts | null)[] = [];
    const gather = [...this.#clips.values()].map(async (clip, at) => {
      made[at] = await clip;
    });
    await settlesWithin(votingMs, Promise.all(gather));
    const [one = first, ...others] = made.filter((facts) => facts !== null && facts !== undefined);
    return usualCanary([one, ...others]);
  }
}
