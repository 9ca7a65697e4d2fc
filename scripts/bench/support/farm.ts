import { Dealer } from '../../../src/core/dealing/dealer.ts';
import type { DealingStep } from '../../../src/core/dealing/dealing-steps.ts';
import type { DealtTask } from '../../../src/core/dealing/waiting-tasks.ts';
import { windowOf } from '../../../src/core/dealing/window.ts';

/** A farm and its work. Work is counted in seconds of a machine of speed 1. */
export interface Farm {
  readonly machines: number;
  readonly tasksPerMachine: number;
  /** Speeds lie between 1 and this, spread evenly over the logarithm. */
  readonly fastest: number;
  /** Mean life of a machine in seconds, after which another one comes; Infinity for one that stays. */
  readonly meanLifeS: number;
  /** How long the bytes of a task are on their way to a machine, in seconds. */
  readonly transferS: number;
  readonly seed: number;
}

export interface FarmResult {
  readonly seconds: number;
  /** Work that was asked for, as a share of what the machines could have done meanwhile. */
  readonly efficiency: number;
  /** Work of the copies, as a share of the work that was asked for. */
  readonly copiedShare: number;
  /** Most copies of one task that no machine was lost with. */
  readonly mostCopies: number;
}

/** Work of a task on a machine of speed 1, on the average, in seconds. */
const meanTaskS = 120;
const latencyS = 0.1;
const tickS = 5;
const lostAfterS = 60;
const replacedAfterS = 120;

/** One machine of the farm: it does its tasks one after the other. */
interface SimulatedMachine {
  readonly name: string;
  readonly speed: number;
  /** Tasks that have arrived and are not begun. */
  queue: DealtTask[];
  running: DealtTask | null;
  linkFreeAtS: number;
  isAlive: boolean;
}

/** Deals a farm's work with the real dealing code on a virtual clock. */
export function simulateFarm(farm: Farm): FarmResult {
  return new Simulation(farm).run();
}

class Simulation {
  readonly #farm: Farm;
  readonly #random: () => number;
  readonly #dealer = new Dealer({ window: windowOf({ kind: 'segments' }), mayCopy: true });
  readonly #machines = new Map<string, SimulatedMachine>();
  readonly #events = new EventHeap();
  readonly #copies = new Map<string, number>();
  readonly #sizes = new Map<string, DealtTask>();
  #nowS = 0;
  #aliveSpeed = 0;
  #capacity = 0;
  #copiedWork = 0;
  #born = 0;

  constructor(farm: Farm) {
    this.#farm = farm;
    this.#random = randomOf(farm.seed);
  }

  run(): FarmResult {
    const { machines, tasksPerMachine } = this.#farm;
    for (let at = 0; at < machines; at++) this.#bear((at + 0.5) / machines);
    let work = 0;
    for (let at = 0; at < machines * tasksPerMachine; at++) {
      const task = { key: `task-${at}`, size: meanTaskS * (0.5 + this.#random()) };
      work += task.size;
      this.#sizes.set(task.key, task);
      this.#dealer.add(task);
    }
    this.#dealer.endSubmitting();
    this.#deal();
    const tick = () => {
      this.#deal();
      this.#after(tickS, tick);
    };
    this.#after(tickS, tick);
    while (this.#dealer.openCount > 0) this.#step();
    return {
      seconds: this.#nowS,
      efficiency: work / this.#capacity,
      copiedShare: this.#copiedWork / work,
      mostCopies: Math.max(0, ...this.#copies.values()),
    };
  }

  #step(): void {
    const event = this.#events.pop();
    if (!event) throw new Error('nothing happens any more, and tasks are open');
    this.#capacity += this.#aliveSpeed * (event.atS - this.#nowS);
    this.#nowS = event.atS;
    event.happen();
  }

  #after(seconds: number, happen: () => void): void {
    this.#events.push({ atS: this.#nowS + seconds, happen });
  }

  /** @param rank - From 0 to 1: the place of its speed among all. */
  #bear(rank: number): void {
    const { fastest, meanLifeS } = this.#farm;
    const name = `machine-${this.#born++}`;
    const speed = fastest ** rank;
    const machine = { name, speed, queue: [], running: null, linkFreeAtS: 0, isAlive: true };
    this.#machines.set(name, machine);
    this.#aliveSpeed += speed;
    this.#dealer.addMachine(name, 1);
    if (meanLifeS === Number.POSITIVE_INFINITY) return;
    this.#after(-Math.log(1 - this.#random()) * meanLifeS, () => this.#die(machine, rank));
  }

  #die(machine: SimulatedMachine, rank: number): void {
    machine.isAlive = false;
    this.#aliveSpeed -= machine.speed;
    this.#dealer.setState(machine.name, 'silent', this.#nowMs);
    this.#after(lostAfterS, () => {
      this.#dealer.setState(machine.name, 'lost', this.#nowMs);
      this.#deal();
    });
    this.#after(replacedAfterS, () => {
      this.#bear(rank);
      this.#deal();
    });
  }

  get #nowMs(): number {
    return this.#nowS * 1000;
  }

  #deal(): void {
    for (const step of this.#dealer.next(this.#nowMs)) {
      if (step.type === 'assign') this.#assign(step);
      else this.#after(latencyS, () => this.#withdraw(step.machine, step.keys));
    }
  }

  #assign({ machine: name, keys, isCopy }: Extract<DealingStep, { type: 'assign' }>): void {
    const machine = this.#machines.get(name);
    if (!machine) return;
    for (const key of keys) {
      const task = this.#sizes.get(key);
      if (!task) continue;
      if (isCopy) {
        this.#copiedWork += task.size;
        const isOfLost = this.#dealer.holdersOf(key).some((holder) => !this.#machines.get(holder)?.isAlive);
        if (!isOfLost) this.#copies.set(key, (this.#copies.get(key) ?? 0) + 1);
      }
      machine.linkFreeAtS = Math.max(machine.linkFreeAtS, this.#nowS + latencyS) + this.#farm.transferS;
      this.#after(machine.linkFreeAtS - this.#nowS, () => {
        if (!machine.isAlive) return;
        machine.queue.push(task);
        this.#beginNext(machine);
      });
    }
  }

  #beginNext(machine: SimulatedMachine): void {
    if (machine.running || !machine.isAlive) return;
    const task = machine.queue.shift();
    if (!task) return;
    machine.running = task;
    this.#dealer.noteBegun(machine.name, task.key, this.#nowMs);
    this.#after(task.size / machine.speed, () => this.#finish(machine, task));
  }

  #finish(machine: SimulatedMachine, task: DealtTask): void {
    if (!machine.isAlive) return;
    machine.running = null;
    const { others } = this.#dealer.noteFinished(machine.name, task.key, this.#nowMs);
    for (const other of others) this.#withdraw(other, [task.key]);
    this.#beginNext(machine);
    this.#deal();
  }

  #withdraw(name: string, keys: readonly string[]): void {
    const machine = this.#machines.get(name);
    if (!machine?.isAlive) return;
    const dropped = new Set(machine.queue.flatMap(({ key }) => (keys.includes(key) ? [key] : [])));
    machine.queue = machine.queue.filter(({ key }) => !dropped.has(key));
    this.#dealer.noteWithdrawn(name, keys, dropped, this.#nowMs);
    this.#deal();
  }
}

interface SimulatedEvent {
  readonly atS: number;
  happen(): void;
}

/** Events by time; of those at the same time the first that came. */
class EventHeap {
  readonly #events: { readonly event: SimulatedEvent; readonly order: number }[] = [];
  #pushed = 0;

  push(event: SimulatedEvent): void {
    this.#events.push({ event, order: this.#pushed++ });
    for (let at = this.#events.length - 1; at > 0 && this.#isBefore(at, (at - 1) >> 1); at = (at - 1) >> 1)
      this.#swap(at, (at - 1) >> 1);
  }

  pop(): SimulatedEvent | undefined {
    const [first] = this.#events;
    const last = this.#events.pop();
    if (!first || !last || first === last) return first?.event;
    this.#events[0] = last;
    for (let at = 0; ; ) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      let least = left < this.#events.length && this.#isBefore(left, at) ? left : at;
      if (right < this.#events.length && this.#isBefore(right, least)) least = right;
      if (least === at) return first.event;
      this.#swap(at, least);
      at = least;
    }
  }

  #isBefore(one: number, other: number): boolean {
    const [a, b] = [this.#events[one], this.#events[other]];
    if (!a || !b) return false;
    return a.event.atS < b.event.atS || (a.event.atS === b.event.atS && a.order < b.order);
  }

  #swap(one: number, other: number): void {
    const [a, b] = [this.#events[one], this.#events[other]];
    if (a && b) [this.#events[one], this.#events[other]] = [b, a];
  }
}

/** A small generator with a seed (mulberry32): the same farm is simulated the same way each time. */
function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
