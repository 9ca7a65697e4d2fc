import { AppError } from '../../errors/app-error.ts';
import { diskFullIn } from '../../errors/disk-full.ts';
import { FfmpegChild } from './ffmpeg-child.ts';
import { linesOf } from './lines-of.ts';
import { framesFailed } from './program-failures.ts';

/** One run of ffmpeg or ffprobe on files. */
export interface ProgramRun {
  readonly program: string;
  readonly arguments: readonly string[];
  /** What it is for, at the beginning of a sentence: `Reading the sound`. */
  readonly doing: string;
  /** Bytes it has to go through: they bound the time it may take. */
  readonly workBytes: number;
  /** The file it writes; null where it writes none. */
  readonly target: string | null;
  readonly signal: AbortSignal | undefined;
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

/** What it wrote to its stdout, when it ended well. */
export async function readOutput(run: ProgramRun): Promise<string> {
  let text = '';
  for await (const line of readOutputLines(run)) {
    text += `${line}\n`;
    if (text.length > maxTextLength) throw new RangeError(`${run.doing} gave more text than can be true`);
  }
  return text;
}

/**
 * The lines of its stdout, as they come. It is gone when this ends, however it ends.
 *
 * @throws AppError `prerequisite-missing`, `disk-full`, `frames-failed`; the signal's reason.
 */
export async function* readOutputLines(run: ProgramRun): AsyncGenerator<string> {
  const deadline = AbortSignal.timeout(deadlineMs(run.workBytes));
  const signal = run.signal ? AbortSignal.any([run.signal, deadline]) : deadline;
  run.signal?.throwIfAborted();
  await using child = new FfmpegChild(run.program, run.arguments, { hasInput: false, outputs: 1, signal });
  const [output] = child.outputs;
  if (output) yield* linesOf(output);
  const end = await child.ended;
  run.signal?.throwIfAborted();
  if (deadline.aborted) throw tookTooLong(run.doing);
  const diskFull = run.target !== null && diskFullIn(end.lastWords, run.target);
  if (diskFull) throw diskFull;
  if (end.exitCode === 0) return;
  const failure = framesFailed(run.program, run.doing, end);
  throw end.exitCode === null ? failure : new ProgramRefusedError(failure);
}

function deadlineMs(workBytes: number): number {
  return Math.min(longestTimerMs, leastDeadlineMs + Math.ceil((workBytes / slowestBytesPerSecond) * 1000));
}

function tookTooLong(doing: string): AppError {
  return new AppError({
    code: 'frames-failed',
    message: `${doing} took far longer than files of this size need.`,
    nextStep: 'Check the disk, then go on with --resume latest.',
    isRetryable: true,
  });
}
