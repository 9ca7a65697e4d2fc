import { unlessAborted } from '../../async/abort.ts';
import type { BackgroundWork } from '../../async/limits.ts';
import { WaitQueue } from '../../async/queues.ts';
import { Dealer } from '../../core/dealing/dealer.ts';
import type { DealingStep } from '../../core/dealing/dealing-steps.ts';
import type { DealtMachineState } from '../../core/dealing/dealt-machine.ts';
import { type DealtWork, windowOf } from '../../core/dealing/window.ts';
import { AppError } from '../../errors/app-error.ts';
import type { HostEvent, HostObject } from '../../ports/host.ts';
import {
  isSegmentEngine,
  type WorkBatch,
  type WorkEngine,
  type WorkTask,
  workKindOf,
} from '../../protocol/manifest.ts';
import type { TaskResult } from '../../protocol/task-result.ts';
import { waitEvent } from '../host-run/wait-event.ts';
import { isUnreachable, machinesFailed } from './machine-failures.ts';
import type { PoolEvents } from './pool-events.ts';
import type { MachineCheck, PoolMember, PoolRunOptions, SubmittedTask } from './pool-member.ts';
import type { PoolResults } from './pool-results.ts';
import { RefusedResults } from './refused-results.ts';

/** Most tasks that wait here; who submits more has to wait. */
const mostWaiting = 4_096;

/** What all parts of one run of a pool share. */
export interface PoolContext extends PoolRunOptions {
  readonly check: MachineCheck;
  readonly results: PoolResults;
  readonly events: PoolEvents;
  readonly background: BackgroundWork;
  /** Where the bytes of files lie on this machine, by their hash. */
  readonly objects: Map<string, HostObject>;
  /** Aborts when the pool is closed. */
  readonly stop: AbortSignal;
  fail(error: unknown): void;
}

type GiveUp = (member: PoolMember, error: AppError) => Promise<void>;

/** Deals the tasks of a run to the machines of its pool, and takes the first result of each. */
export class PoolDealing {
  readonly engine: WorkEngine;
  /** One of its tasks. */
  readonly sample: WorkTask | null;
  readonly #deps: PoolContext;
  readonly #giveUp: GiveUp;
  readonly #dealer: Dealer;
  /** Submitted tasks without a result. */
  readonly #tasks = new Map<string, SubmittedTask>();
  /** Submitted tasks that a machine which was not reached yet may have done, by its name. */
  readonly #awaited = new Map<string, Set<string>>();
  readonly #refused = new RefusedResults();
  readonly #room = new WaitQueue();
  #isAllSubmitted = false;
  #isOver = false;
  /** What the run waits for, as was said last. */
  #wait: string | null = null;

  constructor(engine: WorkEngine, { tasks }: WorkBatch, deps: PoolContext, giveUp: GiveUp) {
    this.engine = engine;
    this.sample = tasks[0] ?? null;
    this.#deps = deps;
    this.#giveUp = giveUp;
    const mayCopy = deps.copiesPrompts || workKindOf(engine) !== 'upsample';
    if (!mayCopy)
      for (const [name, keys] of deps.runOptions.given ?? [])
        if (deps.members.some((member) => member.name === name && member.phase !== 'open'))
          this.#awaited.set(name, new Set(keys));
    this.#dealer = new Dealer({ window: windowOf(dealtWorkOf(engine)), mayCopy });
  }

  /** Returns when more may come. */
  async submit({ batch_id: batchId, tasks }: WorkBatch): Promise<void> {
    const { signal } = this.#deps.runOptions;
    for (const task of tasks) this.#take({ batchId, task });
    this.deal();
    while (this.#dealer.waitingCount >= mostWaiting && !this.#isOver) await this.#room.wait(signal);
  }

  endSubmitting(): void {
    this.#isAllSubmitted = true;
    this.#dealer.endSubmitting();
    this.deal();
  }

  async withdraw(taskKeys: readonly string[]): Promise<ReadonlySet<string>> {
    const withdrawn = new Set(this.#dealer.takeWaiting(taskKeys));
    for (const member of this.#deps.results.open) {
      const held = taskKeys.filter((key) => this.#dealer.holdersOf(key).includes(member.name));
      const unsent = member.takeUnsent(held);
      const given = await member.run.withdraw(held.filter((key) => !unsent.includes(key)));
      const back = [...unsent, ...given];
      this.#dealer.noteUnassigned(member.name, back, performance.now());
      for (const key of this.#dealer.takeWaiting(back)) withdrawn.add(key);
    }
    for (const key of withdrawn) this.#tasks.delete(key);
    return withdrawn;
  }

  /** Whether a machine has a task. */
  isHeld(taskKey: string): boolean {
    return this.#dealer.holdersOf(taskKey).length > 0;
  }

  /** Deals no more. */
  end(): void {
    this.#isOver = true;
    this.#room.wakeAll();
  }

  /** Deals all that waits by the machines' speed, and no more after that. */
  async dealRest(): Promise<void> {
    this.end();
    await Promise.all(this.#dealer.dealRest(performance.now()).map((step) => this.#carryOut(step)));
  }

  /** It gets nothing until it is said to work. */
  addMachine({ name, workerIds }: PoolMember): void {
    this.#dealer.addMachine(name, workerIds.length);
    this.#dealer.setState(name, 'silent', performance.now());
  }

  setState({ name }: PoolMember, state: DealtMachineState): void {
    this.#dealer.setState(name, state, performance.now());
    this.deal();
  }

  /** A machine is open, and it is known what it has: the rest of what it may have had is dealt. */
  settleAwaited({ name, heldBefore }: PoolMember): void {
    const keys = this.#awaited.get(name) ?? new Set();
    this.#awaited.delete(name);
    for (const key of keys) {
      const submitted = this.#tasks.get(key);
      if (submitted && !heldBefore.has(key)) this.#take(submitted);
    }
    this.deal();
  }

  /** Names of machines that are waited for, because they may have done submitted tasks. */
  get #waitedFor(): string[] {
    const isWanted = (key: string) => this.#tasks.has(key);
    return [...this.#awaited].flatMap(([name, keys]) => ([...keys].some(isWanted) ? [name] : []));
  }

  /** A machine does nothing more: what it has finished counts, and the rest waits again. */
  async removeMachine(member: PoolMember): Promise<void> {
    const finished = await member.run?.finishedKeys();
    for (const key of this.#dealer.heldBy(member.name)) {
      const result = finished?.has(key) ? await member.run?.result(key) : null;
      if (result) this.noteResult(member, result);
    }
    this.#dealer.removeMachine(member.name);
    this.settleAwaited(member);
  }

  /** A machine has a task from an earlier session. It is told so again, as its worker may have dropped it. */
  adopt(key: string, member: PoolMember): void {
    const submitted = this.#tasks.get(key);
    if (!submitted || this.#dealer.holdersOf(key).includes(member.name)) return;
    this.#dealer.adopt({ key, size: sizeOf(submitted.task) }, member.name, performance.now());
    this.#deps.background.add(this.#send(member, [key]));
  }

  noteStarted({ name: machine }: PoolMember, event: Extract<HostEvent, { type: 'task-started' }>): void {
    this.#dealer.noteBegun(machine, event.taskKey, performance.now());
    if (this.#tasks.has(event.taskKey)) this.#deps.events.emit({ ...event, machine });
  }

  noteProgress({ name }: PoolMember, event: Extract<HostEvent, { type: 'task-progress' }>): void {
    const share = event.doneParts / Math.max(1, event.totalParts);
    if (this.#dealer.noteProgress(name, event.taskKey, share, performance.now()))
      this.#deps.events.emit(event);
  }

  noteResult(member: PoolMember, returned: TaskResult): void {
    const { task_key: key } = returned;
    const { results, events, background } = this.#deps;
    const nowMs = performance.now();
    const result = this.#judged(member, returned);
    if (result !== returned && this.#isDealtAgain(member, key)) {
      background.add(this.#dealAgain(member, result));
      return;
    }
    const others = this.#dealer.holdersOf(key).filter((name) => name !== member.name);
    if (result.status === 'failed' && others.length > 0 && this.#dealer.isOpen(key)) {
      // Another machine may do better.
      this.#dealer.noteUnassigned(member.name, [key], nowMs);
      return;
    }
    const outcome = this.#dealer.noteFinished(member.name, key, nowMs);
    if (outcome.isFirst || results.isNew(key) || results.counts(key, member)) {
      results.count(key, member);
      this.#tasks.delete(key);
      events.emit({ type: 'task-finished', result, machine: member.name });
      for (const other of outcome.others) background.add(this.#takeBack(other, [key]));
    } else background.add(results.dropUnwanted(key, member));
    this.deal();
  }

  /** The result as it may be used, where the task is one of this session. */
  #judged({ name }: PoolMember, result: TaskResult): TaskResult {
    const submitted = this.#tasks.get(result.task_key);
    const { judge } = this.#deps.runOptions;
    return submitted && judge ? judge(submitted.task, result, name) : result;
  }

  /** Whether a task whose result is refused is dealt once more: while another machine may do better. */
  #isDealtAgain(member: PoolMember, key: string): boolean {
    const others = this.#deps.members.filter(({ phase, isAdmitted }) => phase === 'open' && isAdmitted);
    const isElsewhere = this.#dealer.isOpen(key) && others.some((other) => other !== member);
    return isElsewhere && this.#refused.mayDealAgain(key);
  }

  /** What a machine made of a task was of no use. After some of those it gets nothing more, while others are there. */
  async noteUnusable(member: PoolMember): Promise<void> {
    const others = this.#deps.members.filter(({ phase, isAdmitted }) => phase === 'open' && isAdmitted);
    if (!others.some((other) => other !== member)) return;
    const reason = this.#refused.noteUnusable(member);
    if (reason) await this.#giveUp(member, reason);
  }

  async #dealAgain(member: PoolMember, refused: TaskResult): Promise<void> {
    const { task_key: key } = refused;
    const reason = this.#refused.note(member, refused);
    await member.run?.forget([key]).catch((failure: unknown) => {
      if (!(failure instanceof AppError)) throw failure;
    });
    this.#dealer.noteUnassigned(member.name, [key], performance.now());
    if (reason) await this.#giveUp(member, reason);
    this.deal();
  }

  deal(): void {
    if (this.#isOver) return;
    for (const step of this.#dealer.next(performance.now())) this.#deps.background.add(this.#carryOut(step));
    if (this.#dealer.waitingCount < mostWaiting) this.#room.wakeAll();
    this.#noteWait();
    this.#failWhenStuck();
  }

  #noteWait(): void {
    const names = this.#waitedFor;
    const wait =
      this.#dealer.openCount > 0 || names.length === 0
        ? null
        : `${names.join(', ')} may have answered what is left, and nothing is requested twice; leave it out of --host, or set copy_prompts, to ask again`;
    if (wait === this.#wait) return;
    this.#wait = wait;
    const workers = this.#deps.members.reduce((sum, { workerIds }) => sum + workerIds.length, 0);
    this.#deps.events.emit(waitEvent(wait, workers, this.#deps.clock.now()));
  }

  #take(submitted: SubmittedTask): void {
    const { task } = submitted;
    const { task_key: key } = task;
    const { results } = this.#deps;
    if (!results.isNew(key) || this.#dealer.isOpen(key)) return;
    this.#tasks.set(key, submitted);
    if ([...this.#awaited.values()].some((keys) => keys.has(key))) return;
    const holders = results.open.filter(({ heldBefore, phase }) => phase === 'open' && heldBefore.has(key));
    if (holders.length === 0) this.#dealer.add({ key, size: sizeOf(task) });
    for (const member of holders) this.adopt(key, member);
  }

  /** What is left lies on machines that were given up, and may not be done elsewhere. */
  #failWhenStuck(): void {
    const { members } = this.#deps;
    const awaited = this.#waitedFor;
    if (this.#dealer.openCount === 0 && awaited.length === 0) return;
    if (!members.some(({ phase }) => phase === 'open' || phase === 'opening')) {
      this.#deps.fail(machinesFailed(members));
      return;
    }
    if (!this.#isAllSubmitted || this.#dealer.waitingCount > 0 || this.#dealer.mayCopy) return;
    const closed = members.filter(({ phase }) => phase !== 'open');
    const isLeft = (name: string) => closed.some((member) => member.name === name);
    const lost = closed.filter(({ name }) => awaited.includes(name) || this.#dealer.heldBy(name).length > 0);
    // One that was not reached yet may still be.
    if (lost.some(({ phase }) => phase === 'opening')) return;
    if (lost.length > 0 && [...this.#tasks.keys()].every((key) => this.#dealer.holdersOf(key).every(isLeft)))
      this.#deps.fail(machinesFailed(lost));
  }

  async #carryOut({ type, machine, keys, ...step }: DealingStep): Promise<void> {
    if (type === 'withdraw') return await this.#takeBack(machine, keys);
    const member = this.#memberOf(machine);
    if (!member) return;
    const isCopy = 'isCopy' in step && step.isCopy;
    for (const taskKey of keys) this.#deps.events.emit({ type: 'task-assigned', taskKey, machine, isCopy });
    await this.#send(member, keys);
  }

  async #send(member: PoolMember, keys: readonly string[]): Promise<void> {
    const { objects, stop } = this.#deps;
    const { signal: lost } = member.lost;
    try {
      const sent = member.send(keys, {
        engine: this.engine,
        objectOf: (sha256) => objects.get(sha256),
        taskOf: (key) => this.#tasks.get(key),
      });
      await unlessAborted(sent, lost);
    } catch (error) {
      // Those that never reached it wait again; of the others it is not known.
      this.#dealer.noteUnassigned(member.name, member.takeUnsent(keys), performance.now());
      if (!lost.aborted && !stop.aborted) {
        if (!(error instanceof AppError)) throw error;
        if (!isUnreachable(error)) await this.#giveUp(member, error);
      }
      this.deal();
    }
  }

  async #takeBack(name: string, keys: readonly string[]): Promise<void> {
    const member = this.#memberOf(name);
    if (!member?.run) return;
    const unsent = member.takeUnsent(keys);
    const sent = keys.filter((key) => !unsent.includes(key));
    let given: ReadonlySet<string> = new Set();
    try {
      if (sent.length > 0) given = await unlessAborted(member.run.withdraw(sent), member.lost.signal);
    } catch (error) {
      if (!(error instanceof AppError) && !member.lost.signal.aborted) throw error;
    }
    this.#dealer.noteWithdrawn(name, keys, new Set([...unsent, ...given]), performance.now());
    this.deal();
  }

  #memberOf(name: string): PoolMember | undefined {
    return this.#deps.members.find((member) => member.name === name);
  }
}

/** How much work a task is: frames that are upscaled; other tasks are equal. */
function sizeOf(task: WorkTask): number {
  return 'repeats' in task ? task.repeats.length : 1;
}

function dealtWorkOf(engine: WorkEngine): DealtWork {
  if ('family' in engine) return { kind: 'inference', batchSize: engine.batch_size };
  return isSegmentEngine(engine)
    ? { kind: 'segments' }
    : { kind: 'upsample', concurrency: engine.concurrency };
}
