import type { DealtMachine } from './dealt-machine.ts';
import type { DealtTask } from './waiting-tasks.ts';

/** How long the speed of all machines together is taken as it is, in milliseconds. */
const paceHoldsMs = 200;

/** How fast all machines are together, and the fastest of them with one task: work per millisecond. */
interface FarmPace {
  readonly sinceMs: number;
  readonly speed: number;
  readonly fastestPace: number;
}

interface Candidate {
  readonly machine: DealtMachine;
  /** When it would have done the task, in milliseconds from now. */
  readonly doneMs: number;
}

/** How fast machines are, and which of them will have done a task first. */
export class FarmSpeeds {
  #measuredSum = 0;
  #measuredCount = 0;
  #pace: FarmPace | null = null;

  /** Of one worker that is not measured: as fast as the measured ones are on the average. */
  get usual(): number {
    // Any speed will do while all are equal, if only it is slow: no task is late yet.
    return this.#measuredCount === 0 ? 1e-9 : this.#measuredSum / this.#measuredCount;
  }

  /** A machine's measured speed is another one; null where there is none. */
  noteMeasured(before: number | null, after: number | null): void {
    this.#measuredSum += (after ?? 0) - (before ?? 0);
    this.#measuredCount += Number(after !== null) - Number(before !== null);
  }

  /** Other machines work than before. */
  noteChanged(): void {
    this.#pace = null;
  }

  /** Of those of these machines that get tasks. */
  paceAt(machines: Iterable<DealtMachine>, nowMs: number): FarmPace {
    if (this.#pace !== null && nowMs - this.#pace.sinceMs <= paceHoldsMs) return this.#pace;
    let speed = 0;
    let fastestPace = 0;
    for (const machine of machines) {
      if (machine.state !== 'working') continue;
      const own = machine.speedAt(nowMs, this.usual);
      speed += own;
      fastestPace = Math.max(fastestPace, own / machine.parallel);
    }
    this.#pace = { sinceMs: nowMs, speed, fastestPace };
    return this.#pace;
  }

  /** Which of these machines would have done a task first. */
  earliest(task: DealtTask, machines: Iterable<DealtMachine>, nowMs: number): Candidate | null {
    let best: Candidate | null = null;
    for (const machine of machines) {
      const doneMs = machine.durationWith(task, machine.speedAt(nowMs, this.usual));
      if (
        best === null ||
        doneMs < best.doneMs ||
        (doneMs === best.doneMs && isLessFilled(machine, best.machine))
      )
        best = { machine, doneMs };
    }
    return best;
  }
}

function isLessFilled(one: DealtMachine, other: DealtMachine): boolean {
  return one.holdings.size / one.workers < other.holdings.size / other.workers;
}
