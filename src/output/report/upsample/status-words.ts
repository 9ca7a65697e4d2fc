import type { ReportHeader } from '../../../core/upsample/upsample-report.ts';

/** How a run's status is shown: a mark beside colour, a title, and one sentence. */
export interface StatusWords {
  readonly mark: string;
  readonly title: string;
  readonly sentence: string;
}

const words: Record<ReportHeader['status'], StatusWords> = {
  complete: { mark: '✓', title: 'Complete', sentence: 'Everything that was asked for is done.' },
  partial: { mark: '!', title: 'Partial', sentence: 'Some specs failed; all others are done.' },
  detached: { mark: '…', title: 'Detached', sentence: 'Work may still be running on the host.' },
  failed: { mark: '✕', title: 'Failed', sentence: 'The run ended before it could finish.' },
  unfinished: { mark: '…', title: 'Unfinished', sentence: 'The run was stopped; what is done is kept.' },
};

/** The words for the status of a run. */
export function statusWords(status: ReportHeader['status']): StatusWords {
  return words[status];
}
