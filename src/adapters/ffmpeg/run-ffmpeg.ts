import { AppError } from '../../errors/app-error.ts';
import { diskFullIn } from '../../errors/system-error.ts';
import { linesOf, PipedChild } from '../piped-child.ts';
import { type ProcessOptions, type ProcessOutcome, runProcess } from '../run-process.ts';
import { framesFailed, startFailed } from './failures.ts';
import type { FfmpegPrograms } from './programs.ts';

/** {@link runProcess} for ffmpeg and ffprobe. @throws What `startFailed` says when the program cannot be started. */
export async function runFfmpeg(
  program: string,
  programArguments: readonly string[],
  options: ProcessOptions & { readonly startFailureCode?: 'frames-failed' | 'hint-failed' },
): Promise<ProcessOutcome> {
  return await runProcess(program, programArguments, options).catch((error: unknown) => {
    options.signal?.throwIfAborted();
    throw startFailed(program, error, options.startFailureCode);
  });
}

export interface FfmpegOptions {
  readonly programs: FfmpegPrograms;
  readonly signal: AbortSignal | undefined;
}

/** One run of ffmpeg or ffprobe over whole files. */
interface FileRun extends FfmpegOptions {
  readonly program: keyof FfmpegPrograms;
  readonly arguments: readonly string[];
  /** What it is for, at the beginning of a sentence: `Reading the sound`. */
  readonly doing: string;
  /** Bytes it has to go through: they bound the time it may take. */
  readonly workBytes?: number;
  /** The file it writes, if it writes one. */
  readonly target?: string;
  /** Takes each line of its stderr. */
  readonly onErrorLine?: (line: string) => void;
}

/** A program that ended by itself with an error: what it was given may be at fault. */
export class ProgramRefusedError extends AppError {
  constructor({ code, message, nextStep, isRetryable }: AppError) {
    super({ code, message, isRetryable, ...(nextStep === null ? {} : { nextStep }) });
  }
}

/** No disk that is worth using reads less in a second. */
const slowestBytesPerSecond = 1024 * 1024;
const leastDeadlineMs = 600_000;
const longestTimerMs = 2 ** 31 - 1;
const maxTextLength = 16 * 1024 * 1024;

/** What it wrote to its stdout, when it ended well. @throws As {@link readLines}. */
export async function readText(run: FileRun): Promise<string> {
  let text = '';
  for await (const line of readLines(run)) {
    text += `${line}\n`;
    if (text.length > maxTextLength) throw new RangeError(`${run.doing} wrote an impossible amount of text`);
  }
  return text;
}

/**
 * The lines of its stdout, as they come. It is gone when this ends, however it ends.
 *
 * @throws AppError `prerequisite-missing`, `disk-full`, `frames-failed`; the signal's reason.
 */
export async function* readLines(run: FileRun): AsyncGenerator<string> {
  const { doing, workBytes = 0, target, signal, onErrorLine } = run;
  signal?.throwIfAborted();
  const program = run.programs[run.program];
  const workMs = Math.ceil((workBytes / slowestBytesPerSecond) * 1000);
  const deadline = AbortSignal.timeout(Math.min(longestTimerMs, leastDeadlineMs + workMs));
  await using child = new PipedChild(program, run.arguments, {
    hasInput: false,
    outputs: 1,
    signal: signal ? AbortSignal.any([signal, deadline]) : deadline,
    onErrorLine: (line) => {
      onErrorLine?.(line);
      return true;
    },
  });
  const [output] = child.outputs;
  if (output) yield* linesOf(output);
  const end = await child.ended;
  signal?.throwIfAborted();
  if (deadline.aborted)
    throw new AppError({
      code: 'frames-failed',
      message: `${doing} took far longer than a file of this size should.`,
      nextStep: 'Check the disk, then resume the run.',
      isRetryable: true,
    });
  const diskFull = target !== undefined && diskFullIn(end.stderrTail, target);
  if (diskFull) throw diskFull;
  if (end.exitCode === 0) return;
  const failure = framesFailed(program, doing, end);
  throw end.exitCode === null ? failure : new ProgramRefusedError(failure);
}
