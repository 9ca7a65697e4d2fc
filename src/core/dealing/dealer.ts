import { type DealingStep, StepList } from './dealing-steps.ts';
import { DealtMachine, type DealtMachineState } from './dealt-machine.ts';
import { FarmSpeeds } from './farm-speeds.ts';
import { askBack, copySlow } from './slow-machines.ts';
import { type DealtTask, WaitingTasks } from './waiting-tasks.ts';
import type { DealingWindow } from './window.ts';

interface DealerOptions {
  readonly window: DealingWindow;
  /** Whether a task may be done twice to be done earlier. Where it costs money it may not. */
  readonly mayCopy: boolean;
}

/** From so many machines on, the end is looked at now and then only, in milliseconds. */
const manyMachines = 50;
const tailPauseMs = 1_000;

/**
 * Decides which machine gets which task. Each has a few tasks per worker, so that fast machines draw more by themselves;
 * the rest waits here. When no more come and none waits, what slow machines have not started is asked back, and what they
 * have started is copied to an idle machine that will be done clearly earlier, once per task. The first result counts.
 *
 * It knows no clock: times are milliseconds of any clock that does not jump.
 */
export class Dealer {
  readonly #options: DealerOptions;
  readonly #machines = new Map<string, DealtMachine>();
  readonly #waiting = new WaitingTasks();
  /** Tasks without a result, by key. */
  readonly #open = new Map<string, DealtTask>();
  /** Who has a task, by key. */
  readonly #holders = new Map<string, string[]>();
  /** Open tasks that were copied once. */
  readonly #copied = new Set<string>();
  /** Machines that may get tasks now. */
  readonly #withRoom = new Set<DealtMachine>();
  readonly #speeds = new FarmSpeeds();
  /** Work of all open tasks. */
  #openWork = 0;
  #isAllSubmitted = false;
  #tailSeenMs = Number.NEGATIVE_INFINITY;

  constructor(options: DealerOptions) {
    this.#options = options;
  }

  /** Tasks that no machine has. */
  get waitingCount(): number {
    return this.#waiting.count;
  }

  /** Tasks without a result. */
  get openCount(): number {
    return this.#open.size;
  }

  /** Whether a task may be done twice to be done earlier. */
  get mayCopy(): boolean {
    return this.#options.mayCopy;
  }

  isOpen(key: string): boolean {
    return this.#open.has(key);
  }

  /** Names of the machines that have a task; the one that had it first comes first. */
  holdersOf(key: string): readonly string[] {
    return this.#holders.get(key) ?? [];
  }

  /** Keys that a machine has and that have no result. */
  heldBy(name: string): string[] {
    return [...(this.#machines.get(name)?.holdings.values() ?? [])].flatMap(({ task, isOver }) =>
      isOver ? [] : [task.key],
    );
  }

  addMachine(name: string, workers: number): void {
    const machine = new DealtMachine(name, workers, this.#options.window);
    this.#machines.set(name, machine);
    this.#changed(machine);
    this.#speeds.noteChanged();
  }

  setState(name: string, state: DealtMachineState, nowMs: number): void {
    const machine = this.#machines.get(name);
    if (!machine) return;
    if (machine.state !== 'working' && state === 'working') machine.resume(nowMs);
    machine.state = state;
    this.#changed(machine);
    this.#speeds.noteChanged();
  }

  /** A machine that will surely do nothing more: what it has waits again. */
  removeMachine(name: string): void {
    const machine = this.#machines.get(name);
    if (!machine) return;
    this.#machines.delete(name);
    this.#withRoom.delete(machine);
    this.#speeds.noteMeasured(machine.measuredSpeed, null);
    this.#speeds.noteChanged();
    for (const key of machine.holdings.keys()) {
      this.#forgetHolder(name, key);
      this.#returnUnlessHeld(key);
    }
  }

  add(task: DealtTask): void {
    if (this.#open.has(task.key)) return;
    this.#begin(task);
    this.#waiting.add(task);
  }

  /** A machine has a task from before. */
  adopt(task: DealtTask, name: string, nowMs: number): void {
    if (!this.#open.has(task.key)) this.#begin(task);
    else this.#waiting.remove(task.key);
    const machine = this.#machines.get(name);
    const isCopy = this.holdersOf(task.key).length > 0;
    if (isCopy) this.#copied.add(task.key);
    if (machine) this.#hold(machine, task, nowMs, isCopy);
  }

  /** Forgets those of these tasks that no machine has. @returns their keys. */
  takeWaiting(keys: readonly string[]): string[] {
    return keys.filter((key) => {
      const task = this.#open.get(key);
      if (!task || this.holdersOf(key).length > 0) return false;
      this.#open.delete(key);
      this.#openWork -= task.size;
      this.#waiting.remove(key);
      return true;
    });
  }

  /** No more tasks come. */
  endSubmitting(): void {
    this.#isAllSubmitted = true;
  }

  noteBegun(name: string, key: string, nowMs: number): void {
    const holding = this.#machines.get(name)?.holdings.get(key);
    if (holding) Object.assign(holding, { isBegun: true, newsMs: nowMs });
  }

  /** Notes how much of a task is done. @returns false when another machine is farther with it. */
  noteProgress(name: string, key: string, doneShare: number, nowMs: number): boolean {
    const holding = this.#machines.get(name)?.holdings.get(key);
    if (!holding) return false;
    Object.assign(holding, { isBegun: true, doneShare: Math.min(1, doneShare), newsMs: nowMs });
    return this.holdersOf(key).every(
      (other) => (this.#machines.get(other)?.holdings.get(key)?.doneShare ?? 0) <= holding.doneShare,
    );
  }

  /**
   * Notes a result.
   *
   * @returns whether it is the task's first, and which other machines still have the task.
   */
  noteFinished(name: string, key: string, nowMs: number): { isFirst: boolean; others: readonly string[] } {
    const machine = this.#machines.get(name);
    if (machine) this.#finishOn(machine, key, nowMs);
    const task = this.#open.get(key);
    const isFirst = this.#open.delete(key);
    if (task) this.#openWork -= task.size;
    this.#waiting.remove(key);
    this.#copied.delete(key);
    const others = isFirst ? this.holdersOf(key) : [];
    for (const other of others) {
      const holding = this.#machines.get(other)?.holdings.get(key);
      if (holding) holding.isOver = true;
    }
    return { isFirst, others };
  }

  /** Tasks that never reached the machine they were assigned to. */
  noteUnassigned(name: string, keys: readonly string[], nowMs: number): void {
    for (const key of keys) {
      const machine = this.#machines.get(name);
      if (!machine?.drop(key, nowMs)) continue;
      this.#changed(machine);
      this.#forgetHolder(name, key);
      this.#returnUnlessHeld(key);
    }
  }

  /** What became of tasks that were asked back. @param withdrawn - Those that the machine will not do. */
  noteWithdrawn(name: string, asked: readonly string[], withdrawn: ReadonlySet<string>, nowMs: number): void {
    for (const key of asked) {
      const holding = this.#machines.get(name)?.holdings.get(key);
      if (!holding) continue;
      holding.askedBackMs = null;
      if (!withdrawn.has(key)) holding.isBegun = true;
      else this.noteUnassigned(name, [key], nowMs);
    }
  }

  /** What is to be done now. The steps count as done: tasks that are assigned are held. */
  next(nowMs: number): DealingStep[] {
    const steps = new StepList();
    this.#assignWaiting(nowMs, steps);
    // Looking through very many machines takes a while, and they have more time.
    const isDue = this.#machines.size < manyMachines || nowMs - this.#tailSeenMs >= tailPauseMs;
    if (this.#isAllSubmitted && this.#waiting.count === 0 && isDue) {
      this.#tailSeenMs = nowMs;
      const scene = { machines: [...this.#machines.values()], usual: this.#speeds.usual, nowMs };
      for (const { machine, key } of askBack(scene)) steps.withdraw(machine.name, key);
      const copy = (task: DealtTask, machine: DealtMachine) => {
        this.#copied.add(task.key);
        this.#hold(machine, task, nowMs, true);
        steps.assign(machine.name, task.key, true);
      };
      if (this.#options.mayCopy) copySlow(scene, (key) => this.#isCopied(key), copy);
    }
    return steps.all();
  }

  /** Deals all that waits by speed, however much each machine has: no client stays to deal. */
  dealRest(nowMs: number): DealingStep[] {
    const steps = new StepList();
    const working = [...this.#machines.values()].filter(({ state }) => state === 'working');
    for (let task = this.#waiting.first; task; task = this.#waiting.first) {
      const best = this.#speeds.earliest(task, working, nowMs);
      if (!best) break;
      this.#waiting.takeFirst();
      this.#hold(best.machine, task, nowMs, false);
      steps.assign(best.machine.name, task.key, false);
    }
    return steps.all();
  }

  #assignWaiting(nowMs: number, steps: StepList): void {
    // A machine is filled up once it is low, not only to where it was low.
    const rooms = new Map([...this.#withRoom].map((machine) => [machine, machine.room]));
    for (let task = this.#waiting.first; task; task = this.#waiting.first) {
      const best = this.#speeds.earliest(task, rooms.keys(), nowMs);
      if (!best || (this.#isAllSubmitted && !this.#isEarlyEnough(best.doneMs, task, nowMs))) return;
      const { machine } = best;
      this.#waiting.takeFirst();
      this.#hold(machine, task, nowMs, false);
      steps.assign(machine.name, task.key, false);
      const room = (rooms.get(machine) ?? 1) - 1;
      if (room > 0) rooms.set(machine, room);
      else rooms.delete(machine);
    }
  }

  /** Near the end a task rather waits for a fast machine than goes to a slow one that would be done with it last. */
  #isEarlyEnough(doneMs: number, task: DealtTask, nowMs: number): boolean {
    const { speed, fastestPace } = this.#speeds.paceAt(this.#machines.values(), nowMs);
    return doneMs <= this.#openWork / speed + task.size / fastestPace;
  }

  /** Whether a copy of a task is with a machine. One that is lost, with all others that have the task, is none any more. */
  #isCopied(key: string): boolean {
    const isLost = (name: string) => this.#machines.get(name)?.state === 'lost';
    return this.#copied.has(key) && !this.holdersOf(key).every(isLost);
  }

  #hold(machine: DealtMachine, task: DealtTask, nowMs: number, isCopy: boolean): void {
    machine.hold(task, nowMs, isCopy);
    this.#changed(machine);
    this.#holders.set(task.key, [...this.holdersOf(task.key), machine.name]);
  }

  #finishOn(machine: DealtMachine, key: string, nowMs: number): void {
    const before = machine.measuredSpeed;
    machine.finish(key, nowMs);
    this.#speeds.noteMeasured(before, machine.measuredSpeed);
    this.#changed(machine);
    this.#forgetHolder(machine.name, key);
  }

  #begin(task: DealtTask): void {
    this.#open.set(task.key, task);
    this.#openWork += task.size;
  }

  #changed(machine: DealtMachine): void {
    if (machine.state === 'working' && machine.room > 0) this.#withRoom.add(machine);
    else this.#withRoom.delete(machine);
  }

  #forgetHolder(name: string, key: string): void {
    const rest = this.holdersOf(key).filter((holder) => holder !== name);
    if (rest.length > 0) this.#holders.set(key, rest);
    else this.#holders.delete(key);
  }

  #returnUnlessHeld(key: string): void {
    const task = this.#open.get(key);
    if (task && this.holdersOf(key).length === 0) {
      this.#copied.delete(key);
      this.#waiting.add(task);
    }
  }
}
