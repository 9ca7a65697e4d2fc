import pMap from 'p-map';
import { unlessAborted } from '../../async/abort.ts';
import { settlesWithin } from '../../async/deadline.ts';
import { AppError } from '../../errors/app-error.ts';
import type { HostEvent } from '../../ports/host.ts';
import type { TaskResult } from '../../protocol/task-result.ts';
import { isUnreachable, machinesFailed } from './machine-failures.ts';
import type { PoolContext, PoolDealing } from './pool-dealing.ts';
import type { PoolMember } from './pool-member.ts';

/** How long the other machines are waited for when the first one is open, in milliseconds: what they have is not dealt again. */
const openingMs = 10_000;

/** Pause before a machine that was not reached is tried again, in milliseconds. */
const retryPauseMs = 15_000;

const readsAtOnce = 32;

/** Keeps a run open on each machine of its pool: checks them, listens to them, and gives up those that can do no more. */
export class PoolMachines {
  readonly #deps: PoolContext;
  /** Null until there is work. */
  #dealing: PoolDealing | null = null;
  #isUnreachable = false;

  constructor(deps: PoolContext) {
    this.#deps = deps;
  }

  /** Returns when those that answer soon are open. @throws AppErrors when none can be opened. */
  async open(): Promise<void> {
    const { members, runOptions, background } = this.#deps;
    const first = Promise.withResolvers<void>();
    const tried = members.map(async (member) => {
      const attempted = Promise.withResolvers<void>();
      background.add(this.#keepOpen(member, attempted.resolve));
      await attempted.promise;
      if (member.run) first.resolve();
    });
    const all = Promise.all(tried);
    await unlessAborted(Promise.race([first.promise, all]), runOptions.signal);
    await unlessAborted(settlesWithin(openingMs, all), runOptions.signal);
    if (members.every(({ run }) => run === null)) throw machinesFailed(members);
    for (const { name, phase } of members)
      if (phase === 'opening') this.#noteMachine(name, 'unreachable', 'It does not answer yet.');
  }

  /** There is work: machines take part from now on. */
  begin(dealing: PoolDealing): void {
    this.#dealing = dealing;
    for (const member of this.#deps.members) if (member.run) this.#admit(member, dealing);
  }

  /** A machine that can do nothing more is stopped for good, and what it has not done goes to the others. */
  async giveUp(member: PoolMember, error: AppError): Promise<void> {
    const { members, runOptions, runId } = this.#deps;
    const { name, host, workerIds } = member;
    if (member.phase === 'ended') return;
    member.failure = error;
    if (this.#isLast(member)) {
      const failed = members.filter(({ failure }) => failure !== null);
      this.#deps.fail(failed.length > 1 ? machinesFailed(failed) : error);
      return;
    }
    member.phase = 'ended';
    this.#noteMachine(name, 'ended', error.message);
    try {
      // Else its workers would be started again.
      await member.run?.stop(0);
      await host.stopRun(runId, { ...runOptions, workers: workerIds.length, isWithdrawn: true });
      await this.#dealing?.removeMachine(member);
    } catch (failure) {
      if (!(failure instanceof AppError)) throw failure;
      // It may keep running there: what it has is copied at most.
      this.#dealing?.setState(member, 'lost');
    }
  }

  /** Until the pool is closed or the machine can do nothing more. */
  async #keepOpen(member: PoolMember, onTried: () => void): Promise<void> {
    const { runOptions, runId, clock, stop } = this.#deps;
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
    const { results } = this.#deps;
    if (run === null) return;
    const finished = await run.finishedKeys();
    member.heldBefore = (await run.submittedKeys()).difference(finished);
    const dealing = this.#dealing;
    Object.assign(member, { phase: 'open', silence: null, failure: null, lost: new AbortController() });
    const news = [...finished].filter((key) => results.isNew(key));
    for (const key of news) results.count(key, member);
    if (!dealing) {
      this.#noteMachine(member.name, 'working', null);
      return;
    }
    this.#admit(member, dealing);
    for (const key of member.heldBefore) dealing.adopt(key, member);
    const report = async (key: string) => {
      const result = this.#deps.check.owns(key) ? null : await run.result(key);
      if (result) dealing.noteResult(member, result);
    };
    await pMap(news, report, { concurrency: readsAtOnce });
    dealing.settleAwaited(member);
  }

  async #onFailure(member: PoolMember, error: AppError): Promise<void> {
    if (member.phase === 'open' && !isUnreachable(error)) return await this.giveUp(member, error);
    Object.assign(member, { failure: error, phase: 'unreachable' });
    this.#setReachable(member, false, error.message, isUnreachable(error) ? 'unreachable' : 'refused');
    member.lost.abort(error);
    this.#dealing?.setState(member, 'lost');
  }

  /** Has a machine take part, once it is admitted; what it has from before it keeps meanwhile. */
  #admit(member: PoolMember, dealing: PoolDealing): void {
    const { check, stop, background } = this.#deps;
    const { run, name } = member;
    if (!run) return;
    if (member.isAdmitted === null) dealing.addMachine(member);
    const admitted = async () => {
      const verdict =
        member.isAdmitted === true
          ? { isAdmitted: true as const }
          : await check.admit({ name, run }, dealing.engine, dealing.sample, stop);
      member.isAdmitted = verdict.isAdmitted;
      if (!verdict.isAdmitted) return await this.#refuse(member, verdict.reason);
      this.#setReachable(member, true, null, 'working');
      dealing.setState(member, 'working');
    };
    background.add(
      admitted().catch(async (error: unknown) => {
        if (stop.aborted) return;
        if (!(error instanceof AppError)) throw error;
        if (!isUnreachable(error)) await this.#refuse(member, error.message);
      }),
    );
  }

  async #refuse(member: PoolMember, reason: string): Promise<void> {
    const error = new AppError({
      code: 'host-refused',
      message: `It is not used: ${reason}`,
      nextStep: `Fix it, or leave it out of --host; cosmos doctor --host ${member.name} shows what is wrong.`,
    });
    await this.giveUp(member, error);
    if (member.phase === 'ended') this.#noteMachine(member.name, 'refused', reason);
  }

  #onEvent(member: PoolMember, event: HostEvent): void {
    const dealing = this.#dealing;
    const taskKey =
      event.type === 'task-finished' ? event.result.task_key : 'taskKey' in event && event.taskKey;
    if (taskKey && this.#deps.check.owns(taskKey)) return;
    if (event.type === 'task-finished') this.#onResult(member, event.result);
    else if (event.type === 'task-started') dealing?.noteStarted(member, event);
    else if (event.type === 'task-progress') dealing?.noteProgress(member, event);
    else if (event.type === 'worker-status') this.#onStatus(member, event);
    else if (event.type === 'reachable') this.#onReachable(member);
    else if (event.type === 'unreachable') this.#onSilence(member, event.message);
    else this.#deps.events.emit(event);
  }

  /** Of work from an earlier session a result may come before the first batch of this one. */
  #onResult(member: PoolMember, result: TaskResult): void {
    const { results, events } = this.#deps;
    if (this.#dealing) this.#dealing.noteResult(member, result);
    else if (results.isNew(result.task_key)) {
      results.count(result.task_key, member);
      events.emit({ type: 'task-finished', result, machine: member.name });
    }
  }

  #onStatus(member: PoolMember, { type, status }: Extract<HostEvent, { type: 'worker-status' }>): void {
    const workerId = member.workerIds[status.worker_id] ?? status.worker_id;
    const isUseless = status.status === 'failed' && status.is_fatal;
    // The failure of the last one is the run's.
    if (!isUseless || (member.hasWork && member.phase !== 'ended' && this.#isLast(member))) {
      this.#deps.events.emit({ type, status: { ...status, worker_id: workerId } });
      return;
    }
    if (!member.hasWork) return;
    const message = status.message ?? 'Its engine cannot be used.';
    this.#deps.background.add(this.giveUp(member, new AppError({ code: 'worker-failed', message })));
  }

  #onReachable(member: PoolMember): void {
    member.lost = new AbortController();
    this.#setReachable(member, true, null, 'working');
    if (member.isAdmitted) this.#dealing?.setState(member, 'working');
  }

  #onSilence(member: PoolMember, message: string): void {
    const { clock, copyAfterMs, stop, background } = this.#deps;
    this.#setReachable(member, false, message, 'unreachable');
    this.#dealing?.setState(member, 'silent');
    const { lost } = member;
    const wait = async () => {
      await clock.sleep(copyAfterMs, stop).catch(() => undefined);
      if (member.isReachable || member.lost !== lost) return;
      lost.abort(new Error('the machine is lost'));
      this.#dealing?.setState(member, 'lost');
    };
    background.add(wait());
  }

  #setReachable(
    member: PoolMember,
    isReachable: boolean,
    message: string | null,
    state: 'working' | 'unreachable' | 'refused',
  ): void {
    member.silence = isReachable ? null : message;
    this.#noteMachine(member.name, state, message);
    const used = this.#deps.members.filter(({ phase }) => phase !== 'ended');
    const isUnreachableNow = used.every((other) => !other.isReachable);
    if (isUnreachableNow === this.#isUnreachable) return;
    this.#isUnreachable = isUnreachableNow;
    this.#deps.events.emit(
      isUnreachableNow
        ? { type: 'unreachable', message: used.map(({ name, silence }) => `${name}: ${silence}`).join(' ') }
        : { type: 'reachable' },
    );
  }

  #noteMachine(
    machine: string,
    state: Extract<HostEvent, { type: 'machine-changed' }>['state'],
    message: string | null,
  ): void {
    const change = { type: 'machine-changed', machine, state, message } as const;
    if (this.#deps.events.isNews(change)) this.#deps.events.emit(change);
  }

  /** Whether all others do nothing more. */
  #isLast(member: PoolMember): boolean {
    return this.#deps.members.every((other) => other === member || other.phase === 'ended');
  }
}
