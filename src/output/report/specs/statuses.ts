import type { InferenceReportItem } from '../../../core/inference/inference-report.ts';
import type { ReportItem } from '../../../core/upsample/upsample-report.ts';

/** A spec as a page lists it: of a run that enriches, or of one that makes videos, too. */
export type ListedItem = ReportItem | InferenceReportItem;

/** How many specs have a status. */
export type StatusCount = readonly [status: ListedItem['status'], count: number];

interface StatusTone {
  /** On the filter. */
  readonly filter: string;
  /** On the spec. */
  readonly title: string;
  /** CSS class of mark and colour. */
  readonly tone: 'upsampled' | 'reused' | 'skipped' | 'failed' | 'pending';
}

/** How the statuses of specs are named and drawn. */
export const statusTones: Readonly<Record<ListedItem['status'], StatusTone>> = {
  failed: { filter: 'Failed', title: 'Failed', tone: 'failed' },
  upsampled: { filter: 'Upsampled', title: 'Upsampled', tone: 'upsampled' },
  reused: {
    filter: 'Reused',
    title: 'Reused: the answer of an earlier run, or of an equal spec of this one (--force asks again)',
    tone: 'reused',
  },
  skipped: { filter: 'Skipped', title: 'Skipped, already upsampled', tone: 'skipped' },
  pending: { filter: 'Pending', title: 'Pending, not done yet', tone: 'pending' },
  'prompt-failed': { filter: 'Prompts failed', title: 'Prompt failed', tone: 'failed' },
  'video-failed': { filter: 'Videos failed', title: 'Video failed', tone: 'failed' },
  waiting: { filter: 'Waiting', title: 'Waiting', tone: 'pending' },
  done: { filter: 'Done', title: 'Done', tone: 'upsampled' },
  'left-out': { filter: 'Left out', title: 'Left out', tone: 'skipped' },
};

export function isFailed({ status }: Pick<ListedItem, 'status'>): boolean {
  return statusTones[status].tone === 'failed';
}

/** The videos that were asked for; none in a run that only enriches. */
export function videosOfItem(item: ListedItem): InferenceReportItem['videos'] {
  return 'videos' in item ? item.videos : [];
}

/** What went wrong with a spec: its prompt, or else some of its videos. */
export function failuresOf(item: ListedItem): NonNullable<ListedItem['failure']>[] {
  if (item.failure !== null) return [item.failure];
  return videosOfItem(item).flatMap(({ failure }) => failure ?? []);
}
