import type { RunEnding } from '../../core/run/run-ending.ts';
import type { AnyCheckpoint, RunFormat } from '../../core/run/run-format.ts';
import type { RunState } from '../../core/run/run-state.ts';
import type { RunStatus, SessionError, StandingStatus } from '../../core/run/run-status.ts';
import type { AppError } from '../../errors/app-error.ts';
import type { HostObject, HostRun, JudgeResult, WorkerNeeds } from '../../ports/host.ts';
import type { Ports } from '../../ports/ports.ts';
import type { RunObserver } from '../../ports/run-observer.ts';
import type { RunSession, StoredRun } from '../../ports/run-store.ts';
import type { WorkBatch, WorkEngine } from '../../protocol/manifest.ts';
import type { TaskResult } from '../../protocol/task-result.ts';
import type { WorkerStatus } from '../../protocol/worker-status.ts';

/** The types that one kind of run has its own of. */
export interface RunTypes {
  readonly checkpoint: AnyCheckpoint;
  readonly event: { readonly type: string };
  readonly state: RunState<{ readonly type: string }>;
  readonly task: RunTask;
  readonly summary: RunSummary;
  readonly observer: RunObserver;
}

/** One piece of work for a worker, ready to be submitted. */
export interface RunTask {
  /** Hex SHA-256 over all that the result depends on; tasks with equal keys share one result. */
  readonly taskKey: string;
  readonly batchId: number;
}

/** As much as the summaries of all kinds have; what `--json` prints. */
export interface RunSummary {
  readonly run_id: string;
  readonly status: StandingStatus;
  readonly counts: object;
  readonly report: { readonly html: string };
  readonly is_resumable: boolean;
  readonly failures: readonly { readonly code: string }[];
  /** What stopped the run before its end; null when nothing did. */
  readonly error: SessionError | null;
  /** Why the run is not at work; null for one that is, or is complete. */
  readonly ending: RunEnding | null;
}

export type StoredRunOf<K extends RunTypes> = StoredRun<K['checkpoint'], K['event']>;

/** A run that this process holds and works on. */
export interface ActiveRun<K extends RunTypes> {
  readonly session: RunSession<K['checkpoint'], K['event']>;
  readonly state: K['state'];
  readonly ports: Ports;
  readonly observer: K['observer'];
  /** Aborts to stop the run: its state is saved, and it can be resumed. */
  readonly signal: AbortSignal;
  /**
   * Aborts to end this session and leave the work to the host, where it keeps running. What is not submitted yet is
   * submitted first, unless `signal` aborts too.
   */
  readonly leave?: AbortSignal | undefined;
  /** Return as soon as everything is submitted; the host continues by itself. */
  readonly isDetached: boolean;
}

/** How a session of a run ended; a session is one process's work on the run, from begin or resume to its end. */
export interface SessionEnd {
  readonly status: RunStatus;
  readonly error: AppError | null;
  /** {@link RunKind.workDone} when the session began. */
  readonly doneBefore: number;
}

/** What is the same to ask of every run, for lists, logs and hosts. */
export interface RunFacts {
  /** What is worked on: the video, or the first of the folders and files of specs. Absolute. */
  readonly input: string;
  readonly host: string;
  readonly workers: number;
  readonly needs: WorkerNeeds;
  /** As `HostRunOptions.usualImage`. */
  readonly usualImage?: 'upsampler' | 'upscaler';
  readonly engine: string;
}

/** A task that is ready, or the event that says why it failed before it was. */
export type Prepared<K extends RunTypes> =
  | { readonly isReady: true; readonly task: K['task'] }
  | { readonly isReady: false; readonly batchId: number | null; readonly outcome: K['event'] };

/**
 * What one session does for the tasks of its run. It lives as long as the session; the lifecycle decides when and on which
 * host tasks are submitted, and how their results come back.
 */
export interface RunWork<K extends RunTypes> {
  readonly engine: WorkEngine;
  /** Where they are others than {@link RunFacts.needs}: a run with several stages needs other workers in each. */
  readonly needs?: WorkerNeeds;
  /** Its results are waited for by a run that leaves as soon as all is submitted: the next stage is made of them. */
  readonly isAwaited?: boolean;
  /** Tasks that the engine works on at once: until so many are submitted, parts of a batch are submitted too. */
  readonly tasksInFlight: number;
  readonly batchesInFlight: number;
  readonly settlesInFlight: number;
  /** Outcomes that the plan itself holds and no event records yet. */
  plannedOutcomes?(): readonly K['event'][];
  /** Keys of tasks whose result an earlier session used: a further task with one of them reuses it. */
  usedKeys?(): Iterable<string>;
  /** Keys of tasks whose failure an earlier session recorded, and which are tried again now. */
  retriedKeys(): readonly string[];
  /** Tasks without an outcome, batch by batch. Each is prepared when it is asked for, or a few ahead. */
  tasks(): AsyncIterable<Prepared<K>>;
  /** The event that a task is ready; null where none is due. */
  preparedEvent?(task: K['task']): K['event'] | null;
  manifestTask(task: K['task']): WorkBatch['tasks'][number];
  /** Files that the task needs on the host. */
  objectsOf(task: K['task']): readonly HostObject[];
  /** Files that the last step of the run needs, for a host that can do it by itself; null: no host can. Missing: none. */
  finishObjects?(): readonly HostObject[] | null;
  /** A result of an earlier run that may be used; null where there is none. */
  cachedResult?(task: K['task']): Promise<TaskResult | null>;
  /** Checks what a host returned, before it counts; missing: it is checked where it is settled. */
  readonly judge?: JudgeResult;
  /** The run was opened on its host, where these tasks are finished; what an earlier session left there may be cleaned up. */
  onOpen?(host: HostRun, finishedKeys: { has(taskKey: string): boolean }): Promise<void>;
  /** Whether a result that was finished before this session can be used; one that cannot be is done again. */
  isUsable?(task: K['task'], result: TaskResult, host: HostRun): Promise<boolean>;
  /**
   * Does what is due with a result, and gives the event that says so. What it writes stands before it returns, and doing it
   * again gives the same bytes.
   *
   * @param host - Null for a result from the cache.
   * @throws AppError `worker-failed` when what the task made is lost on the host: it is done again.
   */
  settle(task: K['task'], result: TaskResult, isReused: boolean, host: HostRun | null): Promise<K['event']>;
  /** The task as it is to be done again, after `settle` found that it has to be; missing: as it was. */
  again?(task: K['task']): Promise<K['task']>;
  /** Called after the event of an outcome; events to add. They and all before become durable; null: not yet. */
  checkpointAfter(outcome: K['event']): readonly K['event'][] | null;
  /**
   * Called when the outcome of a result is recorded.
   *
   * @param machine - The machine of the host that gave it, where that is known.
   */
  onSettled(
    task: K['task'],
    result: TaskResult,
    isReused: boolean,
    host: HostRun | null,
    machine?: string,
  ): Promise<void>;
  /** Called last: further outcomes that follow from the one of this task. */
  outcomesAfter?(task: K['task']): Promise<readonly K['event'][]>;
  onProgress?(taskKey: string, doneParts: number, totalParts: number): void;
  fatalError(failure: FatalFailure): AppError;
}

/** Why no task can succeed any more, as a worker says it. */
export type FatalFailure = Pick<WorkerStatus, 'code' | 'message'>;

/**
 * One kind of run. The lifecycle (`services/runs`) does what is the same for all: plan data is stored as the checkpoint,
 * tasks are submitted, results collected and recorded, the run is finished, resumed, cancelled, listed and reported.
 * Methods are called with runs of this kind only.
 */
export interface RunKind<K extends RunTypes> {
  readonly format: RunFormat<K['checkpoint'], K['event']>;
  /** The command that begins and resumes such runs, as it is typed. */
  readonly command: string;
  /** What tasks are called in messages: `specs`. */
  readonly taskNoun: string;
  newState(checkpoint: K['checkpoint']): K['state'];
  facts(checkpoint: K['checkpoint']): RunFacts;
  /** How much is done, in the unit of the run's speed: specs, or frames. */
  workDone(state: K['state']): number;
  announce(run: ActiveRun<K>): void;
  startWork(run: ActiveRun<K>): RunWork<K>;
  /**
   * The last step, when every task has an outcome. May be repeated after any failure.
   *
   * @param attempt - From 1.
   * @returns false when results that were finished are lost: they are pending again, and the work is done once more.
   */
  finish(run: ActiveRun<K>, attempt: number): Promise<boolean>;
  /** Follows the session from its beginning to its end, as for status files that other programs read; null where there is no need. */
  follow(run: ActiveRun<K>): SessionFollower<K> | null;
  /** Sums a run up. @param end - How this session ended; null to sum up all sessions of a run. */
  summarise(run: StoredRunOf<K>, state: K['state'], end: SessionEnd | null): K['summary'];
  /** What a person should know about the end of a run: sentences. */
  closingNotices(summary: K['summary']): readonly string[];
  /** Whether an event is the outcome of a task that its host did: reused results and failures before that are none. */
  isAnswerFromHost(event: K['event']): boolean;
  /**
   * Writes `report.json` and `report.html`, replacing older ones.
   *
   * @param run - Of an open run the events are those of earlier sessions only.
   */
  writeReport(run: StoredRunOf<K>, state: K['state'], ports: Ports): Promise<void>;
  /**
   * Inputs that are not what they were when the run was planned: sentences. While tasks are pending, only inputs that they
   * need; of a run that has ended, every input that would give another result by now.
   */
  changedInputs(
    run: StoredRunOf<K>,
    state: K['state'],
    ports: Ports,
    signal: AbortSignal,
  ): Promise<readonly string[]>;
  /** The command that starts a new run of the same inputs, with the flags that this one was started with. */
  repeatCommand(checkpoint: K['checkpoint']): string;
}

export interface SessionFollower<K extends RunTypes> {
  /** Sees everything, and passes it on. */
  readonly observer: K['observer'];
  /** Called when the work has ended in any way, before the last event. */
  end(): Promise<void>;
}

/** The kinds of runs that the program knows, by name. */
export type RunKinds = ReadonlyMap<string, RunKind<RunTypes>>;
