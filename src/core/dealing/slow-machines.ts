import type { DealtMachine, Holding } from './dealt-machine.ts';
import type { DealtTask } from './waiting-tasks.ts';

/** A copy, or a task that is moved, has to be done in this share of the time that is left for it where it is. */
const clearGain = 0.75;

/** How long a machine that was asked to give something back is waited for, in milliseconds. */
const answerMs = 2_000;

/** All machines at a moment. */
interface Scene {
  readonly machines: readonly DealtMachine[];
  /** Speed of one worker that is not measured. */
  readonly usual: number;
  readonly nowMs: number;
}

interface IdleMachine {
  readonly machine: DealtMachine;
  /** Work per millisecond of one task. */
  readonly pace: number;
  /** How long it will be at work on what is asked back for it. */
  waitMs: number;
}

/** What slow machines have not started, and idle ones will have done clearly earlier: it is noted as asked back. */
export function askBack(scene: Scene): { readonly machine: DealtMachine; readonly key: string }[] {
  const { nowMs, usual } = scene;
  const asked: { machine: DealtMachine; key: string }[] = [];
  const idle = idleIn(scene).filter(({ machine }) => comingFrom(machine, nowMs) === 0);
  for (const slow of workingIn(scene)) {
    if (idle[0] === undefined) break;
    if (slow.holdings.size <= slow.parallel) continue;
    const speed = slow.speedAt(nowMs, usual);
    for (const holding of [...slow.holdings.values()].reverse()) {
      if (!isWaitingThere(holding)) continue;
      const { key, size } = holding.task;
      const best = soonest(idle, size);
      if (
        !best ||
        best.machine === slow ||
        best.waitMs + size / best.pace > clearGain * slow.leftMs(key, speed, nowMs)
      )
        break;
      best.waitMs += size / best.pace / best.machine.parallel;
      holding.askedBackMs = nowMs;
      asked.push({ machine: slow, key });
    }
  }
  return asked;
}

/**
 * Copies tasks of slow and lost machines to idle ones that will have done them clearly earlier.
 *
 * @param isCopied - Whether a task has its copy already.
 * @param copy - Gives a machine a task.
 */
export function copySlow(
  scene: Scene,
  isCopied: (key: string) => boolean,
  copy: (task: DealtTask, machine: DealtMachine) => void,
): void {
  const { nowMs } = scene;
  const idle = idleIn(scene);
  const [fastest] = idle;
  if (!fastest) return;
  // What is asked back is for these machines, too.
  let places = sumOf(idle, ({ machine }) => machine.parallel - machine.holdings.size);
  places -= sumOf(workingIn(scene), (machine) => comingFrom(machine, nowMs));
  for (const { holding, machine: slow, leftMs } of slowestIn(scene, fastest.pace, isCopied)) {
    const best = idle.find(({ machine }) => machine !== slow);
    if (!best || places <= 0) return;
    const { task } = holding;
    if (task.size / best.pace > clearGain * leftMs) continue;
    copy(task, best.machine);
    places -= 1;
    if (!best.machine.isIdle) idle.splice(idle.indexOf(best), 1);
  }
}

function workingIn({ machines }: Scene): DealtMachine[] {
  return machines.filter(({ state }) => state === 'working');
}

/** Machines that would begin with a task at once, the fastest first. */
function idleIn(scene: Scene): IdleMachine[] {
  const { nowMs, usual } = scene;
  const idle = workingIn(scene).filter(({ isIdle }) => isIdle);
  const paced = idle.map((machine) => ({
    machine,
    pace: machine.speedAt(nowMs, usual) / machine.parallel,
    waitMs: 0,
  }));
  return paced.sort((one, other) => other.pace - one.pace);
}

/** Tasks that one of this pace would have done clearly earlier, with what is left of them where they are: the longest first. */
function slowestIn({ machines, usual, nowMs }: Scene, pace: number, isCopied: (key: string) => boolean) {
  const found: { holding: Holding; machine: DealtMachine; leftMs: number }[] = [];
  for (const machine of machines) {
    const isLost = machine.state === 'lost';
    const speed = machine.speedAt(nowMs, usual);
    for (const [key, holding] of machine.holdings) {
      const leftMs = isLost ? Number.POSITIVE_INFINITY : machine.leftMs(key, speed, nowMs);
      if (holding.isOver || isComing(holding, nowMs) || holding.task.size / pace > clearGain * leftMs)
        continue;
      if (isCopied(key)) continue;
      found.push({ holding, machine, leftMs });
    }
  }
  return found.sort((one, other) => (other.leftMs > one.leftMs ? 1 : -1));
}

function soonest(idle: readonly IdleMachine[], size: number): IdleMachine | undefined {
  let best = idle[0];
  for (const candidate of idle) {
    if (best && candidate.waitMs + size / candidate.pace < best.waitMs + size / best.pace) best = candidate;
  }
  return best;
}

function isWaitingThere({ isBegun, askedBackMs, isOver }: Holding): boolean {
  return !isBegun && askedBackMs === null && !isOver;
}

/** Whether a task that was asked back may come soon: a machine that does not answer is not waited for. */
function isComing({ askedBackMs }: Holding, nowMs: number): boolean {
  return askedBackMs !== null && nowMs - askedBackMs < answerMs;
}

function comingFrom({ holdings }: DealtMachine, nowMs: number): number {
  return sumOf(holdings.values(), (holding) => Number(isComing(holding, nowMs)));
}

function sumOf<T>(values: Iterable<T>, numberOf: (value: T) => number): number {
  let sum = 0;
  for (const value of values) sum += numberOf(value);
  return sum;
}
