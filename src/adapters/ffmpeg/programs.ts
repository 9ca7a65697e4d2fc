import { AppError } from '../../errors/app-error.ts';

/** Where the two programs are. By default `FFMPEG_PATH` and `FFPROBE_PATH`, else the ones on the PATH. */
export interface FfmpegPrograms {
  readonly ffmpeg: string;
  readonly ffprobe: string;
}

const installLines: Partial<Record<NodeJS.Platform, string>> = {
  darwin: 'Install it with: brew install ffmpeg',
  win32: 'Install it with: winget install ffmpeg',
};

export function findPrograms(environment: NodeJS.ProcessEnv = process.env): FfmpegPrograms {
  return {
    ffmpeg: environment['FFMPEG_PATH'] || 'ffmpeg',
    ffprobe: environment['FFPROBE_PATH'] || 'ffprobe',
  };
}

export function ffmpegInstallLine(): string {
  return installLines[process.platform] ?? 'Install it with: sudo apt-get install ffmpeg';
}

/** A program that is not there, or may not be run. */
export function missingProgram(program: string, cause: unknown): AppError {
  return new AppError({
    code: 'prerequisite-missing',
    message: `${program} was not found or cannot be run; videos cannot be read without it.`,
    nextStep: ffmpegInstallLine(),
    cause,
  });
}
