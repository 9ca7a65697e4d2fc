import { AppError, messageOf } from '../../../errors/app-error.ts';

export function unsupportedOutput(path: string): AppError {
  return new AppError({
    code: 'output-unsupported',
    message: `${path} does not have the file extension of a video that can be written.`,
    nextStep: 'Choose an output that ends in .mp4, .m4v, .mov, .mkv or .webm.',
  });
}

/** A rotation that Matroska has no tag for. */
export function unsupportedRotation(path: string): AppError {
  return new AppError({
    code: 'output-unsupported',
    message: `${path} cannot hold a video that players have to rotate.`,
    nextStep: 'Choose an output that ends in .mp4 or .mov.',
  });
}

/** What was put together so far cannot be used: the next call has to start from the beginning. */
export class BrokenAssemblyError extends Error {
  override readonly name = 'BrokenAssemblyError';
  /** Segments that are whole do not fit either. */
  readonly isEverySegment: boolean;

  /** @param reason - What was found: a sentence without its full stop. */
  constructor(reason: string, { isEverySegment = false, cause }: BrokenAssemblyFacts = {}) {
    super(reason, { cause });
    this.isEverySegment = isEverySegment;
  }
}

interface BrokenAssemblyFacts {
  readonly isEverySegment?: boolean;
  readonly cause?: unknown;
}

/** A skeleton in which the upscaled video cannot be put. */
export function damagedStreams(cause: Error): AppError {
  return new AppError({
    code: 'output-invalid',
    message: `What ffmpeg wrote of the source's other streams cannot be used: ${messageOf(cause)}.`,
    nextStep: 'Check the source with: ffmpeg -v error -i SOURCE -f null -',
    cause,
  });
}

/** A file appeared where the finished video goes; the video waits beside it. */
export function outputExists(outputPath: string): AppError {
  return new AppError({
    code: 'output-exists',
    message: `The video is finished, but ${outputPath} already exists and is not replaced.`,
    nextStep: 'Move that file away.',
  });
}
