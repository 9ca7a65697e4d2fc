import { AppError, messageOf } from '../../../errors/app-error.ts';
import type { AssemblyPaths } from './assembly-folder.ts';

/** An output whose name does not say what it is to be. */
export function unsupportedOutput(path: string): AppError {
  return new AppError({
    code: 'output-unsupported',
    message: `${path} has no ending of a video that can be written.`,
    hint: 'Choose an output that ends in .mp4, .m4v, .mov or .mkv.',
  });
}

/** A rotation that Matroska has no tag for. */
export function unsupportedRotation(path: string): AppError {
  return new AppError({
    code: 'output-unsupported',
    message: `${path} cannot hold a video that players have to turn.`,
    hint: 'Choose an output that ends in .mp4 or .mov.',
  });
}

/** The unfinished output is gone, and the segments in it are too. */
export function lostPart(paths: AssemblyPaths, cause?: unknown): AppError {
  return new AppError({
    code: 'output-unsound',
    message: `${paths.part} was removed or cut off, and with it what segments were put together there.`,
    hint: 'Run the upscale again without --resume.',
    cause,
  });
}

/** A call that can neither begin nor go on. */
export function missingSegment(path: string): AppError {
  return new AppError({
    code: 'output-unsound',
    message: `${path} is not there, and what was put together of it before is not either.`,
    hint: 'Run the upscale again without --resume.',
  });
}

/** A skeleton in which the upscaled video cannot be put. */
export function damagedStreams(cause: Error): AppError {
  return new AppError({
    code: 'output-unsound',
    message: `What ffmpeg wrote of the source's other streams cannot be used: ${messageOf(cause)}.`,
    hint: 'Check the source with: ffmpeg -v error -i SOURCE -f null -',
    cause,
  });
}

/** Somebody put a file where the finished video goes; the video waits beside it. */
export function somethingInTheWay(outputPath: string): AppError {
  return new AppError({
    code: 'output-exists',
    message: `The video is finished, but ${outputPath} is there already, and is not replaced.`,
    hint: 'Move that file away.',
  });
}
