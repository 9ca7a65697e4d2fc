import pMap from 'p-map';
import { unlessAborted } from '../../async/abort.ts';
import { settlesWithin } from '../../async/deadline.ts';
import { BackgroundWork } from '../../async/limits.ts';
import { WaitQueue } from '../../async/queues.ts';
import type { Dealer } from '../../core/dealing/dealer.ts';
import type { DealingStep } from '../../core/dealing/dealing-steps.ts';
import { AppError } from '../../errors/app-error.ts';
import type { HostEvent, HostObject, HostRun, HostRunOptions } from '../../ports/host.ts';
import type { WorkBatch, WorkEngine, WorkTask } from '../../protocol/manifest.ts';
import type { TaskResult } from '../../protocol/task-result.ts';
import { isUnreachable, machinesFailed, throwFailures } from './machine-failures.ts';
import { PoolEvents } from './pool-events.ts';
import type { MachineCheck, PoolMember, PoolOptions, SubmittedTask } from './pool-member.ts';
import { PoolResults } from './pool-results.ts';
import { dealerFor, sizeOf } from './pool-work.ts';

/** How long the other machines are waited for when the first one is open, in milliseconds: what they have is not dealt again. */
const openingMs = 10_000;

/** Pause before a machine that was not reached is tried again, in milliseconds. */
const retryPauseMs = 15_000;

/** How often it is looked whether something takes too long, in milliseconds. */
const tickMs = 1_000;

/** Most tasks that wait here; who submits more has to wait. */
const mostWaiting = 4_096;

const readsAtOnce = 32;

interface DealtRun {
  readonly dealer: Dealer;
  readonly engine: WorkEngine;
  /** One of its tasks. */
  readonly sample: WorkTask | null;
}

interface PoolRunDeps extends PoolOptions {
  readonly runId: string;
  readonly runOptions: HostRunOptions;
  readonly members: readonly PoolMember[];
}

/** A run on several machines: this process deals its tasks, a few at a time. */
export class PoolRun implements HostRun {
  readonly #deps: PoolRunDeps;
  readonly #check: MachineCheck;
  readonly #events = new PoolEvents();
  readonly #stopping = new AbortController();
  readonly #results: PoolResults;
  readonly #objects = new Map<string, HostObject>();
  /** Submitted tasks without a result. */
  readonly #tasks = new Map<string, SubmittedTask>();
  readonly #room = new WaitQueue();
  readonly #background: BackgroundWork;
  readonly #failures = new Map<string, AppError>();
  #work: DealtRun | null = null;
  #isAllSubmitted = false;
  #isStopped = false;
  #isUnreachable = false;
  #failure: unknown = null;

  constructor(deps: PoolRunDeps) {
    this.#deps = deps;
    this.#check = deps.createCheck();
    this.#results = new PoolResults(deps.members);
    this.#background = new BackgroundWork(Number.POSITIVE_INFINITY, (error) => this.#fail(error));
  }

  /** Opens the run on all machines; returns when those that answer soon are open. @throws AppErrors when none can be opened. */
  async open(): Promise<void> {
    const { members, runOptions } = this.#deps;
    const first = Promise.withResolvers<void>();
    const tried = members.map(async (member) => {
      const attempted = Promise.withResolvers<void>();
      this.#background.add(this.#keepOpen(member, attempted.resolve));
      await attempted.promise;
      if (member.run) first.resolve();
    });
    const all = Promise.all(tried);
    try {
      await unlessAborted(Promise.race([first.promise, all]), runOptions.signal);
      await unlessAborted(settlesWithin(openingMs, all), runOptions.signal);
      if (members.every(({ run }) => run === null)) throw this.#allFailed();
    } catch (error) {
      this.#isStopped = true;
      await this.close();
      throw error;
    }
    for (const { name, phase } of members)
      if (phase === 'opening') this.#noteMachine(name, 'unreachable', 'It does not answer yet.');
    this.#background.add(this.#tick());
  }

  async finishedKeys(): Promise<ReadonlySet<string>> {
    const found = await this.#results.finishedKeys();
    const keys = new Set([...found].filter((key) => !this.#check.owns(key)));
    this.#events.seen(keys);
    return keys;
  }

  async result(taskKey: string): Promise<TaskResult | null> {
    return await this.#results.read(taskKey);
  }

  async missingObjects(sha256s: readonly string[]): Promise<ReadonlySet<string>> {
    return new Set(sha256s.filter((sha256) => !this.#objects.has(sha256)));
  }

  /** Remembers where they lie: each machine gets what its tasks need. */
  async deliver(objects: readonly HostObject[]): Promise<void> {
    for (const object of objects) this.#objects.set(object.sha256, object);
  }

  async submit(batch: WorkBatch, engine: WorkEngine): Promise<{ readonly workerId: null }> {
    const { dealer } = this.#begin(engine, batch);
    for (const task of batch.tasks) this.#take({ batchId: batch.batch_id, task }, dealer);
    this.#deal();
    while (dealer.waitingCount >= mostWaiting && this.#failure === null && !this.#isStopped)
      await this.#room.wait(this.#deps.runOptions.signal);
    if (this.#failure !== null) throw this.#failure;
    return { workerId: null };
  }

  async withdraw(taskKeys: readonly string[]): Promise<ReadonlySet<string>> {
    const dealer = this.#work?.dealer;
    const withdrawn = new Set(dealer?.takeWaiting(taskKeys));
    for (const member of this.#results.open) {
      const held = taskKeys.filter((key) => dealer?.holdersOf(key).includes(member.name));
      const unsent = member.takeUnsent(held);
      const given = await member.run.withdraw(held.filter((key) => !unsent.includes(key)));
      const back = [...unsent, ...given];
      dealer?.noteUnassigned(member.name, back, performance.now());
      for (const key of dealer?.takeWaiting(back) ?? []) withdrawn.add(key);
    }
    for (const key of withdrawn) this.#tasks.delete(key);
    return withdrawn;
  }

  async allSubmitted(): Promise<void> {
    this.#isAllSubmitted = true;
    this.#work?.dealer.endSubmitting();
    this.#deal();
  }

  async downloadOutput(...output: Parameters<HostRun['downloadOutput']>): Promise<void> {
    await this.#results.download(...output);
  }

  async dropOutputs(taskKeys: readonly string[]): Promise<void> {
    const isHeld = (key: string) => (this.#work?.dealer.holdersOf(key).length ?? 0) > 0;
    await this.#results.drop(taskKeys, isHeld);
  }

  async forget(taskKeys: readonly string[]): Promise<void> {
    await this.#results.forget(taskKeys);
  }

  watch(signal: AbortSignal): AsyncIterable<HostEvent> {
    return this.#events.watch(signal, async (key) => {
      const result = await this.result(key);
      return result && { type: 'task-finished', result };
    });
  }

  async stop(drainMs: number): Promise<void> {
    this.#isStopped = true;
    this.#room.wakeAll();
    const reachable = this.#results.open.filter(({ isReachable }) => isReachable);
    throwFailures(await Promise.allSettled(reachable.map(({ run }) => run.stop(drainMs))), reachable);
    const lost = this.#results.open.filter(({ isReachable }) => !isReachable);
    if (lost.length > 0) throw machinesFailed(lost.map(({ name }) => ({ name, error: notStopped(name) })));
  }

  /** Without a stop, what waits here is dealt to all machines first, by their speed. */
  async close(): Promise<void> {
    if (!this.#isStopped && this.#work) {
      this.#isStopped = true;
      const steps = this.#work.dealer.dealRest(performance.now());
      await Promise.all(steps.map((step) => this.#carryOut(step)));
    }
    this.#isStopped = true;
    this.#room.wakeAll();
    this.#stopping.abort(new Error('the run is closed'));
    await this.#background.ended();
    this.#events.end(null);
    const open = this.#results.open;
    const runs = open.map(({ run }) => run);
    for (const member of this.#deps.members) member.run = null;
    throwFailures(await Promise.allSettled(runs.map((run) => run.close())), open);
  }

  /** Keeps a machine's run open and listens to it, until the pool is closed or the machine can do nothing more. */
  async #keepOpen(member: PoolMember, onTried: () => void): Promise<void> {
    const { runOptions, runId, clock } = this.#deps;
    const stop = this.#stopping.signal;
    const signal = runOptions.signal ? AbortSignal.any([stop, runOptions.signal]) : stop;
    const options = { ...runOptions, workers: member.workerIds.length, signal };
    while (!signal.aborted) {
      try {
        member.run = await member.host.openRun(runId, options);
        await this.#join(member);
        onTried();
        for await (const event of member.run.watch(stop)) this.#onEvent(member, event);
        return;
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof AppError)) throw error;
        await this.#onFailure(member, error);
        if (member.phase === 'ended') return;
      } finally {
        onTried();
        const { run } = member;
        // What one that does nothing more has made is still there.
        if (member.phase === 'unreachable') {
          member.run = null;
          await run?.close();
        }
      }
      await clock.sleep(retryPauseMs, signal).catch(() => undefined);
    }
  }

  /** A machine is open: what it has from before is not dealt again. */
  async #join(member: PoolMember): Promise<void> {
    const { run } = member;
    if (run === null) return;
    const finished = await run.finishedKeys();
    member.heldBefore = (await run.submittedKeys()).difference(finished);
    const isLate = this.#work !== null;
    Object.assign(member, { phase: 'open', isReachable: true, lost: new AbortController() });
    this.#failures.delete(member.name);
    const news = [...finished].filter((key) => this.#results.isNew(key));
    for (const key of news) this.#results.count(key, member);
    if (!isLate) {
      this.#noteMachine(member.name, 'working', null);
      return;
    }
    this.#admit(member);
    for (const key of member.heldBefore) this.#adopt(key, member);
    const report = async (key: string) => {
      const result = await run.result(key);
      if (result) this.#onResult(member, result);
    };
    await pMap(news, report, { concurrency: readsAtOnce });
  }

  async #onFailure(member: PoolMember, error: AppError): Promise<void> {
    this.#failures.set(member.name, error);
    const wasOpen = member.phase === 'open';
    if (wasOpen && !isUnreachable(error)) return await this.#giveUp(member, error);
    member.phase = 'unreachable';
    this.#setReachable(member, false, error.message, isUnreachable(error) ? 'unreachable' : 'refused');
    member.lost.abort(error);
    this.#work?.dealer.setState(member.name, 'lost', performance.now());
    this.#deal();
  }

  /** A machine that can do nothing more is stopped for good, and what it has not done goes to the others. */
  async #giveUp(member: PoolMember, error: AppError): Promise<void> {
    const { name, host, run, workerIds } = member;
    if (member.phase === 'ended') return;
    const others = this.#deps.members.filter((other) => other !== member && other.phase !== 'ended');
    this.#failures.set(name, error);
    if (others.length === 0) {
      this.#fail(this.#failures.size > 1 ? this.#allFailed() : error);
      return;
    }
    member.phase = 'ended';
    this.#noteMachine(name, 'ended', error.message);
    try {
      // Else its workers would be started again.
      await run?.stop(0);
      const options = { ...this.#deps.runOptions, workers: workerIds.length, isWithdrawn: true };
      await host.stopRun(this.#deps.runId, options);
      const finished = await run?.finishedKeys();
      for (const key of this.#work?.dealer.heldBy(name) ?? []) {
        const result = finished?.has(key) ? await run?.result(key) : null;
        if (result) this.#onResult(member, result);
      }
      this.#work?.dealer.removeMachine(name);
    } catch (failure) {
      if (!(failure instanceof AppError)) throw failure;
      // It may go on there: what it has is copied at most.
      this.#work?.dealer.setState(name, 'lost', performance.now());
    }
    this.#deal();
  }

  #begin(engine: WorkEngine, { tasks }: WorkBatch): DealtRun {
    if (this.#failure !== null) throw this.#failure;
    if (this.#work) return this.#work;
    const dealer = dealerFor(engine, this.#deps.copiesPrompts);
    this.#work = { dealer, engine, sample: tasks[0] ?? null };
    if (this.#isAllSubmitted) this.#work.dealer.endSubmitting();
    for (const member of this.#deps.members) if (member.run) this.#admit(member);
    return this.#work;
  }

  /** Has a machine take part, once it is admitted; what it has from before it keeps meanwhile. */
  #admit(member: PoolMember): void {
    const { run, name, workerIds } = member;
    const work = this.#work;
    if (!run || !work) return;
    if (member.isAdmitted === null) {
      work.dealer.addMachine(name, workerIds.length);
      work.dealer.setState(name, 'silent', performance.now());
    }
    const admitted = async () => {
      const verdict =
        member.isAdmitted === true
          ? { isAdmitted: true as const }
          : await this.#check.admit({ name, run }, work.engine, work.sample, this.#stopping.signal);
      member.isAdmitted = verdict.isAdmitted;
      if (!verdict.isAdmitted) return await this.#refuse(member, verdict.reason);
      this.#setReachable(member, true, null, 'working');
      work.dealer.setState(name, member.isReachable ? 'working' : 'silent', performance.now());
      this.#deal();
    };
    this.#background.add(
      admitted().catch(async (error: unknown) => {
        if (this.#stopping.signal.aborted) return;
        if (!(error instanceof AppError)) throw error;
        if (!isUnreachable(error)) await this.#refuse(member, error.message);
      }),
    );
  }

  async #refuse(member: PoolMember, reason: string): Promise<void> {
    const error = new AppError({
      code: 'host-refused',
      message: `It is not used: ${reason}`,
      nextStep: `Mend it, or leave it out of --host; cosmos doctor --host ${member.name} shows how it stands.`,
    });
    await this.#giveUp(member, error);
    if (member.phase === 'ended') this.#noteMachine(member.name, 'refused', reason);
  }

  #take(submitted: SubmittedTask, dealer: Dealer): void {
    const { task } = submitted;
    const { task_key: key } = task;
    if (!this.#results.isNew(key) || dealer.isOpen(key)) return;
    this.#tasks.set(key, submitted);
    const holders = this.#results.open.filter(
      ({ heldBefore, phase }) => phase === 'open' && heldBefore.has(key),
    );
    if (holders.length === 0) dealer.add({ key, size: sizeOf(task) });
    for (const member of holders) this.#adopt(key, member);
  }

  /** A machine has a task from an earlier session. It is told so again, as its worker may have dropped it. */
  #adopt(key: string, member: PoolMember): void {
    const submitted = this.#tasks.get(key);
    const dealer = this.#work?.dealer;
    if (!submitted || !dealer || dealer.holdersOf(key).includes(member.name)) return;
    dealer.adopt({ key, size: sizeOf(submitted.task) }, member.name, performance.now());
    this.#background.add(this.#send(member, [key]));
  }

  #onEvent(member: PoolMember, event: HostEvent): void {
    const { name: machine } = member;
    const dealer = this.#work?.dealer;
    if ('taskKey' in event && this.#check.owns(event.taskKey)) return;
    if (event.type === 'task-finished') this.#onResult(member, event.result);
    else if (event.type === 'task-started') {
      dealer?.noteBegun(machine, event.taskKey, performance.now());
      if (this.#tasks.has(event.taskKey)) this.#events.emit({ ...event, machine });
    } else if (event.type === 'task-progress') {
      const share = event.doneParts / Math.max(1, event.totalParts);
      if (dealer?.noteProgress(machine, event.taskKey, share, performance.now())) this.#events.emit(event);
    } else if (event.type === 'worker-status') this.#onStatus(member, event);
    else if (event.type === 'reachable') this.#onReachable(member);
    else if (event.type === 'unreachable') this.#onSilence(member, event.message);
    else this.#events.emit(event);
  }

  #onStatus(member: PoolMember, { type, status }: Extract<HostEvent, { type: 'worker-status' }>): void {
    const event = {
      type,
      status: { ...status, worker_id: member.workerIds[status.worker_id] ?? status.worker_id },
    };
    const isUseless = status.status === 'failed' && status.is_fatal;
    if (!isUseless) {
      this.#events.emit(event);
      return;
    }
    if (!member.hasWork || member.phase === 'ended') return;
    // The failure of the last one is the run's.
    const isLast = this.#deps.members.every((other) => other === member || other.phase === 'ended');
    if (isLast) {
      this.#events.emit(event);
      return;
    }
    const error = new AppError({
      code: 'worker-failed',
      message: status.message ?? 'Its engine cannot be used.',
    });
    this.#background.add(this.#giveUp(member, error));
  }

  #onReachable(member: PoolMember): void {
    member.lost = new AbortController();
    this.#setReachable(member, true, null, 'working');
    if (member.isAdmitted) this.#work?.dealer.setState(member.name, 'working', performance.now());
    this.#deal();
  }

  #onSilence(member: PoolMember, message: string): void {
    this.#setReachable(member, false, message, 'unreachable');
    this.#work?.dealer.setState(member.name, 'silent', performance.now());
    const { lost } = member;
    const wait = async () => {
      await this.#deps.clock.sleep(this.#deps.copyAfterMs, this.#stopping.signal).catch(() => undefined);
      if (member.isReachable || member.lost !== lost) return;
      lost.abort(new Error('the machine is lost'));
      this.#work?.dealer.setState(member.name, 'lost', performance.now());
      this.#deal();
    };
    this.#background.add(wait());
  }

  #setReachable(
    member: PoolMember,
    isReachable: boolean,
    message: string | null,
    state: 'working' | 'unreachable' | 'refused',
  ): void {
    member.isReachable = isReachable;
    this.#noteMachine(member.name, state, message);
    const used = this.#deps.members.filter(({ phase }) => phase !== 'ended');
    const isUnreachableNow = used.every((other) => !other.isReachable);
    if (isUnreachableNow === this.#isUnreachable) return;
    this.#isUnreachable = isUnreachableNow;
    this.#events.emit(
      isUnreachableNow ? { type: 'unreachable', message: message ?? '' } : { type: 'reachable' },
    );
  }

  #noteMachine(
    machine: string,
    state: Extract<HostEvent, { type: 'machine-changed' }>['state'],
    message: string | null,
  ): void {
    const change = { type: 'machine-changed', machine, state, message } as const;
    if (this.#events.isNews(change)) this.#events.emit(change);
  }

  #onResult(member: PoolMember, result: TaskResult): void {
    const { task_key: key } = result;
    if (this.#check.owns(key)) return;
    const dealer = this.#work?.dealer;
    const nowMs = performance.now();
    const others = dealer?.holdersOf(key).filter((name) => name !== member.name) ?? [];
    if (result.status === 'failed' && others.length > 0 && dealer?.isOpen(key)) {
      // Another machine may do better.
      dealer.noteUnassigned(member.name, [key], nowMs);
      return;
    }
    const outcome = dealer?.noteFinished(member.name, key, nowMs);
    if (outcome?.isFirst || this.#results.isNew(key) || this.#results.counts(key, member)) {
      this.#results.count(key, member);
      this.#tasks.delete(key);
      this.#events.emit({ type: 'task-finished', result, machine: member.name });
      for (const other of outcome?.others ?? []) this.#background.add(this.#takeBack(other, [key]));
    } else this.#background.add(this.#results.dropUnwanted(key, member));
    this.#deal();
  }

  /** Looks now and then whether something takes too long. */
  async #tick(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await this.#deps.clock.sleep(tickMs, signal).catch(() => undefined);
      this.#deal();
    }
  }

  #deal(): void {
    if (!this.#work || this.#isStopped || this.#failure !== null) return;
    const { dealer } = this.#work;
    for (const step of dealer.next(performance.now())) this.#background.add(this.#carryOut(step));
    if (dealer.waitingCount < mostWaiting) this.#room.wakeAll();
    this.#failWhenStuck(dealer);
  }

  /** What is left lies on machines that were given up, and may not be done elsewhere. */
  #failWhenStuck(dealer: Dealer): void {
    const { members } = this.#deps;
    const isLeft = (name: string) =>
      members.some((member) => member.name === name && member.phase !== 'open');
    const mayGoOn = members.some(({ phase }) => phase === 'open' || phase === 'opening');
    if (dealer.openCount === 0) return;
    if (!mayGoOn) {
      this.#fail(this.#allFailed());
      return;
    }
    if (!this.#isAllSubmitted || dealer.waitingCount > 0 || dealer.mayCopy) return;
    const lost = members.filter(({ name, phase }) => phase !== 'open' && dealer.heldBy(name).length > 0);
    if (lost.length > 0 && [...this.#tasks.keys()].every((key) => dealer.holdersOf(key).every(isLeft)))
      this.#fail(machinesFailed(lost.map(({ name }) => ({ name, error: this.#failures.get(name) }))));
  }

  async #carryOut(step: DealingStep): Promise<void> {
    if (step.type === 'withdraw') return await this.#takeBack(step.machine, step.keys);
    const member = this.#memberOf(step.machine);
    if (!member) return;
    for (const taskKey of step.keys)
      this.#events.emit({ type: 'task-assigned', taskKey, machine: step.machine, isCopy: step.isCopy });
    await this.#send(member, step.keys);
  }

  async #send(member: PoolMember, keys: readonly string[]): Promise<void> {
    const { dealer, engine } = this.#work ?? {};
    if (!dealer || !engine) return;
    try {
      const sent = member.send(keys, {
        engine,
        objectOf: (sha256) => this.#objects.get(sha256),
        taskOf: (key) => this.#tasks.get(key),
      });
      await unlessAborted(sent, member.lost.signal);
    } catch (error) {
      // Those that never reached it wait again; of the others it is not known.
      const unsent = member.takeUnsent(keys);
      dealer.noteUnassigned(member.name, unsent, performance.now());
      if (member.lost.signal.aborted || this.#stopping.signal.aborted) {
        this.#deal();
        return;
      }
      if (!(error instanceof AppError)) throw error;
      if (!isUnreachable(error)) await this.#giveUp(member, error);
      this.#deal();
    }
  }

  async #takeBack(name: string, keys: readonly string[]): Promise<void> {
    const member = this.#memberOf(name);
    const dealer = this.#work?.dealer;
    if (!member?.run || !dealer) return;
    const unsent = member.takeUnsent(keys);
    const sent = keys.filter((key) => !unsent.includes(key));
    let given: ReadonlySet<string> = new Set();
    try {
      if (sent.length > 0) given = await unlessAborted(member.run.withdraw(sent), member.lost.signal);
    } catch (error) {
      if (!(error instanceof AppError) && !member.lost.signal.aborted) throw error;
    }
    dealer.noteWithdrawn(name, keys, new Set([...unsent, ...given]), performance.now());
    this.#deal();
  }

  #memberOf(name: string): PoolMember | undefined {
    return this.#deps.members.find((member) => member.name === name);
  }

  #allFailed(): AppError {
    return machinesFailed([...this.#failures].map(([name, error]) => ({ name, error })));
  }

  #fail(error: unknown): void {
    if (this.#failure !== null || this.#stopping.signal.aborted) return;
    this.#failure = error;
    this.#room.wakeAll();
    this.#events.end(error);
  }
}

function notStopped(name: string): AppError {
  return new AppError({
    code: 'host-unreachable',
    message: 'It is unreachable and could not be told to stop; what it was given goes on there.',
    nextStep: `When ${name} is back: cosmos cancel RUN`,
    isRetryable: true,
  });
}
