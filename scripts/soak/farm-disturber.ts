import { setTimeout as delay } from 'node:timers/promises';
import type { PlannedFarmFault } from './farm-fault-plan.ts';
import type { FarmLine, FarmStage } from './farm-stage.ts';

const deathsOfOneSegment = 5;

/** What faults meet, and who is told of them. */
interface DisturbedScene {
  readonly stage: FarmStage;
  /** What clients said so far. */
  readonly lines: readonly FarmLine[];
  clientPid(): number | null;
  /** Waits until it is so, or the scene is over. */
  until(isTrue: () => Promise<boolean>): Promise<void>;
  /** Redis, or the client's way to it, is away. */
  noteAway(): void;
  /** Redis loses its jobs. */
  noteEmptied(): void;
}

/** Has faults happen in a scene. */
export class FarmDisturber {
  readonly #scene: DisturbedScene;
  #restarting: Promise<unknown> = Promise.resolve();

  constructor(scene: DisturbedScene) {
    this.#scene = scene;
  }

  /** Has a fault happen; resolves when it is over, to whether it met something. */
  async play(fault: PlannedFarmFault): Promise<boolean> {
    const { queue, machines } = this.#scene.stage;
    const { lastsMs } = fault;
    const machine = (await busyMachine(this.#scene.stage, fault)) ?? machines[0] ?? '';
    const slot = await this.#scene.stage.slotPid(machine);
    const worker = queue?.rig.workers.get(machine)?.pid ?? null;
    const client = this.#scene.clientPid();
    switch (fault.kind) {
      case 'client killed':
        return signalTo(client, 'SIGKILL');
      case 'client stopped past its lock':
        return await this.#standStill([client], lastsMs);
      case 'slot killed':
        return signalTo(slot, 'SIGKILL');
      case 'all slots killed':
        return (await this.#slots()).map((pid) => signalTo(pid, 'SIGKILL')).some(Boolean);
      case 'slot stopped past its lock':
        return await this.#standStill([slot === null ? null : -slot], lastsMs);
      case 'worker killed':
        return await this.#killWorkers([machine]);
      case 'all workers killed':
        return await this.#killWorkers(machines);
      case 'worker stopped past its lock':
        return await this.#standStill([worker], lastsMs);
      case 'machine stopped past its lock':
        return await this.#standStill([worker, slot === null ? null : -slot], lastsMs);
      case 'worker cut off for three lock times':
        return await this.#cutOff(machine, lastsMs);
      case 'client cut off for three lock times':
        return await this.#cutOff('client', lastsMs);
      case 'Redis restarted empty':
        return await this.#restartRedis(lastsMs, true);
      case 'Redis restarted with its log':
        return await this.#restartRedis(lastsMs, false);
      case 'finalizer killed':
        return await this.#killFinalizer();
      case 'one segment loses its worker five times':
        return await this.#killOneSegment();
    }
  }

  async #slots(): Promise<readonly number[]> {
    const { stage } = this.#scene;
    const pids = await Promise.all(stage.machines.map((name) => stage.slotPid(name)));
    return pids.filter((pid) => pid !== null);
  }

  async #standStill(pids: readonly (number | null)[], lastsMs: number): Promise<boolean> {
    const stopped = pids.filter((pid) => signalTo(pid, 'SIGSTOP'));
    await delay(lastsMs);
    for (const pid of stopped) signalTo(pid, 'SIGCONT');
    return stopped.length > 0;
  }

  async #killWorkers(machines: readonly string[]): Promise<boolean> {
    const { queue } = this.#scene.stage;
    if (queue === null) return false;
    await Promise.all(machines.map((machine) => queue.rig.killWorker(machine)));
    for (const machine of machines) queue.startWorker(machine);
    return true;
  }

  async #cutOff(name: string, lastsMs: number): Promise<boolean> {
    const link = this.#scene.stage.queue?.links.get(name);
    if (!link) return false;
    if (name === 'client') this.#scene.noteAway();
    link.stall();
    await delay(lastsMs);
    link.heal();
    return true;
  }

  async #restartRedis(lastsMs: number, isEmptied: boolean): Promise<boolean> {
    const { queue } = this.#scene.stage;
    if (queue === null) return false;
    if (isEmptied) this.#scene.noteEmptied();
    // Two faults at once cannot both start it.
    const before = this.#restarting;
    const restarting = before.then(async () => {
      this.#scene.noteAway();
      await queue.restartRedis(lastsMs, isEmptied, delay);
    });
    this.#restarting = restarting;
    await restarting;
    return true;
  }

  async #killFinalizer(): Promise<boolean> {
    const { queue } = this.#scene.stage;
    if (queue === null) return false;
    let found: string | null = null;
    await this.#scene.until(async () => {
      for (const name of queue.machines) if (await queue.isFinalizing(name)) found ??= name;
      return found !== null;
    });
    return found !== null && (await this.#killWorkers([found]));
  }

  /** Kills each worker that begins with one and the same segment. */
  async #killOneSegment(): Promise<boolean> {
    const isBegun = (line: FarmLine): line is FarmLine & { machine: string; task_key: string } =>
      line.type === 'task-assigned' && 'task_key' in line;
    let from = this.#scene.lines.length;
    let key: string | null = null;
    for (let death = 0; death < deathsOfOneSegment; death++) {
      let victim: string | null = null;
      await this.#scene.until(async () => {
        const found = this.#scene.lines
          .slice(from)
          .filter(isBegun)
          .find((line) => key === null || line.task_key === key);
        if (!found) return false;
        [key, victim] = [found.task_key, found.machine];
        return true;
      });
      if (victim === null) return death > 0;
      from = this.#scene.lines.length;
      await this.#killWorkers([victim]);
    }
    return true;
  }
}

/** A machine with work, beginning with the one that the fault is meant for; null where none has any. */
export async function busyMachine(stage: FarmStage, { machine }: PlannedFarmFault): Promise<string | null> {
  for (const at of stage.machines.keys()) {
    const name = stage.machines[(machine + at) % stage.machines.length] ?? '';
    if ((await stage.slotPid(name)) !== null) return name;
  }
  return null;
}

/** False when there is no such process. @param pid - Negative: a group of processes. */
function signalTo(pid: number | null, signal: NodeJS.Signals): boolean {
  try {
    return pid !== null && process.kill(pid, signal);
  } catch {
    return false;
  }
}
