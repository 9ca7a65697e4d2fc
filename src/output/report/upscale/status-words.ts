import type { UpscaleReport } from '../../../core/upscale/upscale-report.ts';

/** How a run's status is shown: a mark beside colour, a title, and one sentence. */
export interface StatusWords {
  readonly mark: string;
  readonly title: string;
  readonly sentence: string;
}

const words: Record<UpscaleReport['status'], StatusWords> = {
  complete: { mark: '✓', title: 'Complete', sentence: 'The video is finished and was verified.' },
  partial: { mark: '!', title: 'Partial', sentence: 'Some segments failed; all others are done.' },
  detached: { mark: '…', title: 'Detached', sentence: 'Work may still be running on the host.' },
  failed: { mark: '✕', title: 'Failed', sentence: 'The run ended before the video was finished.' },
  unfinished: {
    mark: '…',
    title: 'Unfinished',
    sentence: 'The video is not finished; what is done is kept.',
  },
};

/** The words for the status of a run. */
export function statusWords(status: UpscaleReport['status']): StatusWords {
  return words[status];
}
