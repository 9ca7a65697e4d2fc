import { join } from 'node:path';
import { onAbort } from '../../async/abort.ts';
import { isProgramMissing, type ProgramFailure } from '../../core/inference/program.ts';
import type { ModelFamily } from '../../core/inference/sample.ts';
import { messageOf } from '../../errors/app-error.ts';
import { isErrno } from '../../errors/system-error.ts';
import type { Clock } from '../../ports/clock.ts';
import type { MadeVideo, ModelProgram, VideoTask } from '../../protocol/inference.ts';
import type { ModelServers } from '../model-server/model-servers.ts';
import { EngineError } from '../tasks/engine-error.ts';
import {
  EngineSession,
  type ProgressListener,
  resultBase,
  type TaskOutcome,
} from '../tasks/engine-session.ts';
import { groupTogether, halvesOf, maxFruitlessStarts } from './group-jobs.ts';
import { Invocation, type InvocationDeps, type InvocationEnd, type VideoJob } from './invocation.ts';

interface InferenceTools extends Omit<InvocationDeps, 'family' | 'program'> {
  readonly clock: Clock;
  readonly servers: Pick<ModelServers, 'reserve'>;
  readonly runFolder: string;
}

interface Job extends VideoJob {
  readonly outcome: PromiseWithResolvers<TaskOutcome>;
  readonly attempts: { count: number; startedAtMs: number | null };
}

/**
 * Has a model's program make videos, one start after the other, each for as many as may share it. A video that does not
 * come with the others is tried once more by itself, so that each failure is known of the video that it is of.
 */
export class InferenceSession extends EngineSession {
  readonly isReleasedWhenIdle = true;
  readonly #program: ModelProgram;
  readonly #family: ModelFamily;
  readonly #tools: InferenceTools;
  #waiting: Job[] = [];
  /** Parts of a start that ended without any video; the last is tried next. */
  readonly #halves: Job[][] = [];
  /** Tried by themselves, when all others are done. */
  readonly #aloneLater: Job[] = [];
  #working: Promise<void> | null = null;
  #invocation: Invocation<Job> | null = null;
  #release: () => void = () => undefined;
  /** Starts in a row that made no video, for no reason that the log tells. */
  #fruitlessStarts = 0;
  #hasMadeVideos = false;

  constructor(program: ModelProgram, family: ModelFamily, tools: InferenceTools) {
    super();
    this.#program = program;
    this.#family = family;
    this.#tools = tools;
    onAbort(this.stopSignal, (reason) => this.#giveBack(reason));
  }

  /** What waits while a start is under way fills the next one. */
  get taskLimit(): number {
    return 2 * this.#program.batch_size;
  }

  get waitReason(): string | null {
    return this.#invocation?.waitReason ?? null;
  }

  /** Loading a model takes minutes. */
  get isRestarting(): boolean {
    return this.#invocation !== null && !this.#invocation.hasBegun;
  }

  async start(): Promise<void> {
    this.#release = await this.#tools.servers.reserve(this.stopSignal);
  }

  async run(task: VideoTask, onProgress: ProgressListener): Promise<TaskOutcome> {
    this.stopSignal.throwIfAborted();
    const attempts = { count: 0, startedAtMs: null };
    const job: Job = { task, onProgress, attempts, outcome: Promise.withResolvers() };
    this.#waiting.push(job);
    this.#working ??= this.#work().finally(() => {
      this.#working = null;
    });
    return await job.outcome.promise;
  }

  async close(): Promise<void> {
    await this.#working;
    this.#release();
  }

  async #work(): Promise<void> {
    // All tasks that the worker has room for come at once; together they fill the first start.
    await new Promise((resolve) => setImmediate(resolve));
    for (let jobs = this.#next(); jobs.length > 0 && !this.stopSignal.aborted; jobs = this.#next())
      await this.#invoke(jobs);
  }

  #next(): Job[] {
    const half = this.#halves.pop();
    if (half) return half;
    const { taken, rest } = groupTogether(this.#waiting, this.#family, this.#program.batch_size);
    this.#waiting = rest;
    if (taken.length > 0) return taken;
    return this.#aloneLater.splice(0, 1);
  }

  async #invoke(jobs: readonly Job[]): Promise<void> {
    const { runFolder, clock } = this.#tools;
    const [first] = jobs;
    if (!first) return;
    for (const { attempts } of jobs) {
      attempts.count += 1;
      attempts.startedAtMs ??= clock.now();
    }
    const path = join(runFolder, 'work', first.task.task_key.slice(0, 16));
    const deps = { ...this.#tools, family: this.#family, program: this.#program };
    this.#invocation = new Invocation(path, jobs, (job, facts) => this.#finish(job, facts), deps);
    try {
      this.#settle(jobs, await this.#invocation.run(this.abortSignal));
    } catch (error) {
      const failure = this.abortSignal.aborted ? null : cannotStart(this.#family, error);
      // Those that are done already are not changed by this.
      for (const { outcome } of jobs) {
        if (failure) outcome.resolve({ isFatal: true, error: failure });
        else outcome.reject(error);
      }
    } finally {
      this.#invocation = null;
    }
  }

  #finish({ task, attempts, outcome }: Job, facts: MadeVideo): void {
    this.#hasMadeVideos = true;
    const result = { ...resultBase(task, attempts, this.#tools.clock.now(), null), ...noText, video: facts };
    outcome.resolve({ isFatal: false, result: { ...result, frames_used: facts.frames, model: this.#model } });
  }

  /** Decides what becomes of the videos that were not made. */
  #settle(jobs: readonly Job[], end: InvocationEnd<Job>): void {
    const open = end.unfinished.map(({ job }) => job);
    const isFruitless = open.length === jobs.length;
    this.#countFruitless(isFruitless && end.failures.length === 0 && !end.isStalled && !end.isClean);
    const [first, ...others] = open;
    if (!first) return;
    const isExplained = end.failures.length > 0;
    const ownFailures = end.failures.filter((failure, at) => failure !== end.failures[at - 1]);
    if (isFruitless && !end.isClean && !this.#hasMadeVideos && isProgramMissing(end.tail))
      this.#giveUp(open, missing(this.#family, end));
    else if (jobs.length === 1 || (others.length === 0 && isExplained))
      this.#fail(first, end, end.failures[0]);
    else if (end.isClean && ownFailures.length === open.length)
      for (const [at, job] of open.entries()) this.#fail(job, end, ownFailures[at]);
    else if (this.#fruitlessStarts > maxFruitlessStarts(this.#program.batch_size) && !this.#hasMadeVideos)
      this.#giveUp(open, fruitless(this.#family, this.#fruitlessStarts, end));
    else if (end.isClean) this.#aloneLater.push(...open);
    else if (isFruitless && !isExplained) this.#halves.push(...halvesOf(open));
    else this.#goOnBehind(end.current, open);
  }

  /** What the program passed over, and what it ended with, is tried by itself when all others are done. */
  #goOnBehind(current: Job | null, open: readonly Job[]): void {
    const at = current === null ? 0 : open.indexOf(current);
    this.#aloneLater.push(...open.slice(0, at + 1));
    const rest = open.slice(at + 1);
    if (rest.length > 0) this.#halves.push(rest);
  }

  #countFruitless(isFruitless: boolean): void {
    this.#fruitlessStarts = isFruitless ? this.#fruitlessStarts + 1 : 0;
  }

  /** What is wrong is not with the prompts. */
  #giveUp(jobs: readonly Job[], message: string): void {
    const error = new EngineError({ code: 'inference-failed', class: 'fatal', message });
    for (const { outcome } of [...jobs, ...this.#allWaiting()]) outcome.resolve({ isFatal: true, error });
  }

  #fail({ task, attempts, outcome }: Job, end: InvocationEnd<Job>, known?: ProgramFailure): void {
    const error = failureOf(this.#family, end, known);
    const result = { ...resultBase(task, attempts, this.#tools.clock.now(), error), ...noText, video: null };
    outcome.resolve({ isFatal: false, result: { ...result, frames_used: 0, model: this.#model } });
  }

  #giveBack(reason: unknown): void {
    for (const { outcome } of this.#allWaiting()) outcome.reject(reason);
  }

  /** Takes out all jobs that are in no start. */
  #allWaiting(): Job[] {
    const jobs = [...this.#waiting, ...this.#halves.flat(), ...this.#aloneLater];
    this.#waiting = [];
    this.#halves.length = 0;
    this.#aloneLater.length = 0;
    return jobs;
  }

  get #model(): string {
    return this.#program.family;
  }
}

const noText = {
  text: null,
  usage: { prompt_tokens: null, completion_tokens: null },
  finish_reason: null,
} as const;

/** Why a video was not made. @param known - What the log tells of it. */
function failureOf(
  { title }: ModelFamily,
  end: InvocationEnd<VideoJob>,
  known?: ProgramFailure,
): EngineError {
  const { how, isStalled, tail } = end;
  const invalid = end.unfinished[0]?.invalid ?? null;
  if (known === 'prompt-blocked') {
    const message = `The guardrail of ${title} refused the prompt or its video. ${lastLines(tail)}`;
    return new EngineError({ code: known, class: 'permanent', message });
  }
  if (known === 'out-of-memory') {
    const message = `${title} ran out of memory on this video. ${lastLines(tail)}`;
    return new EngineError({ code: known, class: 'transient', message });
  }
  if (isStalled) {
    const message = `The program of ${title} stalled and was stopped. ${lastLines(tail)}`;
    return new EngineError({ code: 'inference-stalled', class: 'transient', message });
  }
  if (invalid !== null)
    return new EngineError({ code: 'video-invalid', class: 'transient', message: invalid });
  const message = `The program of ${title} made no video and ended with ${how}. ${lastLines(tail)}`;
  return new EngineError({ code: 'inference-failed', class: 'transient', message });
}

/** Nothing was ever made, whatever was tried. */
function fruitless({ title }: ModelFamily, starts: number, { how, tail }: InvocationEnd<VideoJob>): string {
  return `The program of ${title} ended ${starts} times before any video, the last time with ${how}. ${lastLines(tail)}`;
}

const placesOfProgram = 'check inference.command, inference.program_dir and the image';

/** It has the interpreter, and not the model's program or what that needs. */
function missing({ title }: ModelFamily, { tail }: InvocationEnd<VideoJob>): string {
  return `The program of ${title} was not found where the worker runs: ${placesOfProgram}. ${lastLines(tail)}`;
}

function cannotStart({ title }: ModelFamily, error: unknown): EngineError {
  const isMissing = isErrno(error, 'ENOENT');
  const message = isMissing
    ? `The program of ${title} was not found where the worker runs (${messageOf(error)}): ${placesOfProgram}.`
    : `The program of ${title} could not be run: ${messageOf(error)}`;
  return new EngineError({ code: 'inference-failed', class: 'fatal', message, cause: error });
}

function lastLines(tail: string): string {
  return tail === '' ? 'It wrote nothing.' : `Its last lines: ${tail}`;
}
