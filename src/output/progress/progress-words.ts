import { printable } from '../../core/printable.ts';
import { failureReason, type NamedFailure } from '../text/failures-text.ts';
import { durationText } from '../text/format.ts';
import type { RunPace } from './run-pace.ts';

/** Failures that are told as they come; the end of a run has them by code. */
const maxTold = 5;

/** How a run stands: `1 done, 13 failed, 17 to go`. */
export function standText({ settled, failed, total }: Pick<RunPace, 'settled' | 'failed' | 'total'>): string {
  const parts = [`${numeral(settled - failed)} done`];
  if (failed > 0) parts.push(`${numeral(failed)} failed`);
  if (total > settled) parts.push(`${numeral(total - settled)} to go`);
  return parts.join(', ');
}

/** How much time is left; nothing while that cannot be told. */
export function remainingText(pace: RunPace, nowMs: number): string {
  const remainingMs = pace.remainingMs(nowMs);
  return remainingMs === null ? '' : `${durationText(remainingMs)} left`;
}

/** Tells the first failures as lines, then says once that the others are only counted. */
export function createFailureTeller(): (
  failure: Pick<NamedFailure, 'spec' | 'code' | 'message'>,
) => string | null {
  let seen = 0;
  return (failure) => {
    seen++;
    if (seen <= maxTold)
      return `failed: ${printable(failure.spec)}: ${failure.code}: ${failureReason(failure)}`;
    return seen === maxTold + 1
      ? 'more failed: from here on failures are counted and listed at the end'
      : null;
  };
}

function numeral(count: number): string {
  return count.toLocaleString('en-US');
}
