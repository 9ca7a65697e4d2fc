import { AppError } from './app-error.ts';

/**
 * Finished segments, or what was put together of them, are gone or damaged. What cannot be used was removed; once the
 * lost segments were made again, putting together may be tried again.
 */
export class SegmentsLostError extends AppError {
  /** Places of the segments to make again among those of the request, ascending; none where only the rest was damaged. */
  readonly lost: readonly number[];

  /** @param reason - What was found: a sentence. */
  constructor(reason: string, lost: readonly number[], cause?: unknown) {
    super({
      code: 'output-invalid',
      message: reason,
      nextStep: 'Only what was lost is made again.',
      cause,
    });
    this.name = 'SegmentsLostError';
    this.lost = lost;
  }
}
