import { AppError, messageOf } from '../../errors/app-error.ts';
import { isErrno } from '../../errors/system-error.ts';
import { type ProcessLimits, type ProcessOutcome, runProcess } from '../run-process.ts';

/** Where the two programs are. By default `FFMPEG_PATH` and `FFPROBE_PATH`, else the ones on the PATH. */
export interface FfmpegPrograms {
  readonly ffmpeg: string;
  readonly ffprobe: string;
}

/** Which programs are run, and until when. */
export interface ProgramOptions {
  readonly programs: FfmpegPrograms;
  readonly signal: AbortSignal | undefined;
}

const installLines: Partial<Record<NodeJS.Platform, string>> = {
  darwin: 'Install it with: brew install ffmpeg',
  win32: 'Install it with: winget install ffmpeg',
};

/** The programs of this environment. */
export function findPrograms(environment: NodeJS.ProcessEnv = process.env): FfmpegPrograms {
  return {
    ffmpeg: environment['FFMPEG_PATH'] || 'ffmpeg',
    ffprobe: environment['FFPROBE_PATH'] || 'ffprobe',
  };
}

/**
 * {@link runProcess} for ffmpeg and ffprobe.
 *
 * @throws AppError `prerequisite-missing` when the program is not there or may not be run; `hint-failed`, worth
 *   a retry, when the machine cannot start another process now.
 */
export async function runFfmpegProgram(
  program: string,
  programArguments: readonly string[],
  limits: ProcessLimits,
): Promise<ProcessOutcome> {
  try {
    return await runProcess(program, programArguments, limits);
  } catch (error) {
    if (limits.signal?.aborted) throw limits.signal.reason;
    if (isErrno(error, 'ENOENT') || isErrno(error, 'EACCES')) throw missingProgram(program, error);
    throw new AppError({
      code: 'hint-failed',
      message: `${program} could not be started: ${messageOf(error)}.`,
      nextStep: 'The machine may have too many processes or open files; try again with fewer at once.',
      isRetryable: true,
      cause: error,
    });
  }
}

/** How ffmpeg is installed on this system. */
export function ffmpegInstallLine(): string {
  return installLines[process.platform] ?? 'Install it with: sudo apt-get install ffmpeg';
}

/** A program that is not there, or may not be run. */
export function missingProgram(program: string, cause: unknown): AppError {
  return new AppError({
    code: 'prerequisite-missing',
    message: `${program} was not found, or may not be run; videos cannot be read without it.`,
    nextStep: ffmpegInstallLine(),
    cause,
  });
}
