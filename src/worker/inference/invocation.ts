import { onAbort } from '../../async/abort.ts';
import { settlesWithin } from '../../async/deadline.ts';
import { weightTokens } from '../../core/child-environment.ts';
import { failureIn, isSamePrompt, type ProgramFailure, samplingStep } from '../../core/inference/program.ts';
import type { ModelFamily } from '../../core/inference/sample.ts';
import { AppError, messageOf } from '../../errors/app-error.ts';
import { isDiskFull } from '../../errors/system-error.ts';
import type { MadeVideo, VideoTask } from '../../protocol/inference.ts';
import { ProgramOutput, secretsIn } from '../program/program-output.ts';
import { freePort, ProgramProcess } from '../program/program-process.ts';
import type { RotatingLog } from '../program/rotating-log.ts';
import type { ProgressListener } from '../tasks/engine-session.ts';
import { type LeftControl, type PublishDeps, publishVideo } from './publish-video.ts';
import { type FoundFile, WorkFolder } from './work-folder.ts';

/** How often the output folder is read, in milliseconds. */
const pollMs = 500;
const stopGraceMs = 10_000;

export interface InvocationDeps extends PublishDeps {
  readonly family: ModelFamily;
  /** What the program writes. */
  readonly programLog: RotatingLog;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The worker's own folder is the model's, in its image. */
  readonly isInImage: boolean;
  objectPathOf(sha256: string): string;
  log(line: string): void;
}

/** A video to be made by one start of the program. */
export interface VideoJob {
  readonly task: VideoTask;
  readonly onProgress: ProgressListener;
}

/** How the program ended. */
export interface InvocationEnd<Job extends VideoJob> {
  /** `exit code 1`, `signal SIGKILL`; or that it was ended because it stalled. */
  readonly how: string;
  readonly isClean: boolean;
  readonly isStalled: boolean;
  /** What the log tells of failures, in order. */
  readonly failures: readonly ProgramFailure[];
  /** The last lines of the log. */
  readonly tail: string;
  /** The video that it was at, as far as the log and the files show. */
  readonly current: Job | null;
  /** In their order, with what is wrong with the file that was left, if one was. */
  readonly unfinished: readonly { readonly job: Job; readonly invalid: string | null }[];
}

/** One start of a model's program for some videos, each of which is published as soon as its file is whole. */
export class Invocation<Job extends VideoJob> {
  readonly #deps: InvocationDeps;
  readonly #jobs: readonly Job[];
  readonly #folder: WorkFolder;
  readonly #onVideo: (job: Job, facts: MadeVideo) => void;
  readonly #open: Set<Job>;
  readonly #failures: ProgramFailure[] = [];
  /** The last video that was made, by its place among the jobs, and the failures that the log told before that. */
  #last = { index: -1, failures: 0 };
  /** State of each file when it was last seen, and of those that were not whole, by its path. */
  readonly #seen = new Map<string, string>();
  readonly #refused = new Map<string, string>();
  readonly #invalid = new Map<Job, string>();
  #activeAtMs = performance.now();
  #state = '';
  /** The program has loaded its model. */
  hasBegun = false;
  waitReason: string | null = null;

  /** @param path - Of a folder for it alone. */
  constructor(
    path: string,
    jobs: readonly Job[],
    onVideo: (job: Job, facts: MadeVideo) => void,
    deps: InvocationDeps,
  ) {
    this.#deps = deps;
    this.#jobs = jobs;
    this.#onVideo = onVideo;
    this.#open = new Set(jobs);
    this.#folder = new WorkFolder(path, { ...deps, tasks: jobs.map(({ task }) => task) });
  }

  /**
   * Runs the program to its end, once.
   *
   * @throws The signal's reason when it aborts: the program is gone by then. Errors of the system when it cannot be started.
   */
  async run(signal: AbortSignal): Promise<InvocationEnd<Job>> {
    try {
      await this.#folder.prepare();
      const output = this.#newOutput();
      const process = await this.#launch(output);
      const stopListening = onAbort(signal, () => void process.stop());
      try {
        const isStalled = await this.#watch(process, signal);
        const how = await process.ended;
        signal.throwIfAborted();
        return this.#endOf(how, isStalled, output);
      } finally {
        stopListening();
        if (!process.hasEnded) await process.stop();
      }
    } finally {
      await this.#folder.remove();
    }
  }

  #newOutput(): ProgramOutput {
    const { environment, programLog } = this.#deps;
    return new ProgramOutput(programLog, secretsIn(environment), (line) => this.#onLine(line));
  }

  async #launch(output: ProgramOutput): Promise<ProgramProcess> {
    const { family, program, environment, log } = this.#deps;
    const own = environment['COSMOS_CHECKPOINTS_DIR'];
    const checkpoints = own ?? (fromHome(program.checkpoints_dir, environment) || 'checkpoints');
    const command = this.#folder.command({ checkpoints, port: await freePort() });
    const process = await ProgramProcess.start({
      command,
      // Without it, lines wait in the program until there are many.
      environment: { ...environment, PYTHONUNBUFFERED: '1', ...family.environment },
      secretVariables: weightTokens,
      output,
      stopGraceMs,
      ...this.#startFolder(),
    });
    log(`started ${command[0]} for ${this.#jobs.length} videos: process ${process.pid}`);
    return process;
  }

  /**
   * Where the program starts. The one of the family is looked for in no folder that a user happens to be in: what came with it
   * could be another program of that name.
   */
  #startFolder(): { readonly folder?: string } {
    const { program, environment, isInImage } = this.#deps;
    if (program.program_dir !== '') return { folder: fromHome(program.program_dir, environment) };
    return isInImage || program.command.length > 0 ? {} : { folder: this.#folder.path };
  }

  /** The sample in work is the first without a video, because programs work in order. */
  #onLine(line: string): void {
    this.#activeAtMs = performance.now();
    const failure = failureIn(line);
    if (failure !== null) this.#failures.push(failure);
    const [job] = this.#open;
    if (job === undefined) return;
    const { num_steps: steps } = job.task.parameters;
    const step = samplingStep(line, steps);
    if (step === null) return;
    this.hasBegun = true;
    job.onProgress(step, steps);
  }

  /** Publishes videos until the program has ended. @returns whether it had to be ended. */
  async #watch(process: ProgramProcess, signal: AbortSignal): Promise<boolean> {
    let isStalled = false;
    for (;;) {
      const isOver = process.hasEnded;
      await this.#collect(isOver, signal);
      if (signal.aborted || (isOver && this.waitReason === null)) return isStalled;
      await this.#noteActivity();
      if (!isOver && performance.now() - this.#activeAtMs > this.#deps.program.stall_timeout_ms) {
        isStalled = true;
        await process.stop();
      } else if (isOver) await settlesWithin(pollMs, aborted(signal));
      else await settlesWithin(pollMs, process.ended);
    }
  }

  async #noteActivity(): Promise<void> {
    const state = await this.#folder.state();
    if (state !== this.#state) this.#activeAtMs = performance.now();
    this.#state = state;
  }

  /** Publishes what is whole. A full disk is waited for. */
  async #collect(isOver: boolean, signal: AbortSignal): Promise<void> {
    this.waitReason = null;
    for (let index = 0; index < this.#jobs.length && !signal.aborted; index += 1) {
      const job = this.#jobs[index];
      if (job === undefined || (!this.#open.has(job) && !this.#deps.family.isNumbered)) continue;
      try {
        await this.#collectOne(job, index, isOver, signal);
      } catch (error) {
        if (!isDiskFull(error)) throw error;
        this.waitReason = 'the disk of the machine that works is full: videos are kept when there is room';
      }
    }
  }

  async #collectOne(expected: Job, index: number, isOver: boolean, signal: AbortSignal): Promise<void> {
    const { family } = this.#deps;
    const names = this.#folder.outputsOf(index);
    const file = await this.#folder.find(names.video);
    if (file === null || !this.#isWorthReading(file, isOver)) return;
    const written = names.prompt === null ? null : await this.#folder.readPrompt(names.prompt);
    // It is written after the video.
    if (written === null && names.prompt !== null && !isOver) return;
    const job = this.#jobOf(expected, written);
    if (job === null) {
      this.#refused.set(file.path, file.mark);
      const whose = written === null ? 'without its prompt file' : 'of another prompt';
      if (!family.isNumbered) this.#invalid.set(expected, `The video that was left is ${whose}.`);
      this.#deps.log(`${names.video} is ${whose}`);
      return;
    }
    if (!this.#open.has(job)) return;
    const facts = await this.#publish(job, file, index, signal);
    if (facts === null) return;
    this.#open.delete(job);
    this.#last = { index: this.#jobs.indexOf(job), failures: this.#failures.length };
    this.hasBegun = true;
    this.#onVideo(job, facts);
  }

  /** A file that still grows is not; nor one that was not whole when it was last read. */
  #isWorthReading({ path, mark }: FoundFile, isOver: boolean): boolean {
    const isSettled = isOver || this.#seen.get(path) === mark;
    this.#seen.set(path, mark);
    return isSettled && this.#refused.get(path) !== mark;
  }

  /**
   * Whose video it is: where results are numbered, blocked prompts shift the numbers, and only the prompt file says it.
   * Null when it is of no one's sample.
   */
  #jobOf(expected: Job, written: string | null): Job | null {
    if (!this.#deps.family.isNumbered)
      return written === null || isSamePrompt(written, expected.task.prompt) ? expected : null;
    if (written === null) return null;
    return this.#jobs.find(({ task }) => isSamePrompt(written, task.prompt)) ?? null;
  }

  /** Null when the file is not whole. */
  async #publish(job: Job, file: FoundFile, index: number, signal: AbortSignal): Promise<MadeVideo | null> {
    const { task } = job;
    try {
      const controls = this.#deps.program.keep_controls ? await this.#controlsOf(task, index) : [];
      return await publishVideo({ task, path: file.path, controls }, this.#deps, signal);
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'video-unreadable') throw error;
      this.#refused.set(file.path, file.mark);
      this.#invalid.set(job, messageOf(error));
      return null;
    }
  }

  /** Control videos that the program left; one that is missing is no fault. */
  async #controlsOf(task: VideoTask, index: number): Promise<LeftControl[]> {
    const left: LeftControl[] = [];
    for (const { kind } of task.controls) {
      const name = this.#folder.outputsOf(index).control(kind);
      const file = name === null ? null : await this.#folder.find(name);
      if (file !== null) left.push({ kind, path: file.path });
    }
    return left;
  }

  /** Programs work in order; a failure that the log tells is of the next one, and a program that ended had it last. */
  #currentJob(isStalled: boolean): Job | null {
    const failures = this.#failures.length - this.#last.failures;
    const passed = isStalled ? failures : Math.max(0, failures - 1);
    const later = this.#jobs.slice(this.#last.index + 1 + passed).filter((job) => this.#open.has(job));
    return later[0] ?? [...this.#open].at(-1) ?? null;
  }

  #endOf(how: string, isStalled: boolean, output: ProgramOutput): InvocationEnd<Job> {
    const isClean = how === 'exit code 0' && !isStalled;
    return {
      how,
      isClean,
      current: this.#currentJob(isStalled),
      isStalled,
      failures: this.#failures,
      tail: output.tail(),
      unfinished: [...this.#open].map((job) => ({ job, invalid: this.#invalid.get(job) ?? null })),
    };
  }
}

/** A path that may begin with `~/`, which no shell is there to understand. */
function fromHome(path: string, environment: InvocationDeps['environment']): string {
  return path.replace(/^~(?=\/|$)/, () => environment['HOME'] ?? '~');
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => onAbort(signal, () => resolve()));
}
