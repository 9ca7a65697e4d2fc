import { AppError } from '../../../errors/app-error.ts';

/** A finished video that is not what it should be: it never gets its name. */
export function unsound(difference: string): AppError {
  return new AppError({
    code: 'output-unsound',
    message: `The finished video is not sound: ${difference}.`,
    hint: 'Go on with --resume latest: what was upscaled is kept, and the file is put together once more.',
  });
}
