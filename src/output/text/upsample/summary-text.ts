import { printable } from '../../../core/printable.ts';
import { resumeCommand } from '../../../core/run/run-commands.ts';
import {
  reusedText,
  type UpsampleSummary,
  upsampleEngineText,
} from '../../../core/upsample/upsample-summary.ts';
import { counted, durationText, numeral } from '../format.ts';
import type { Style } from '../style.ts';
import { detachedSteps, formatSections } from '../summary-sections.ts';
import { leftOutText } from './plan-text.ts';

/**
 * What a person reads when a run has ended.
 *
 * @param isSubmitted - Whether a detached run was submitted whole; false when its host was lost on the way.
 */
export function formatSummary(summary: UpsampleSummary, style: Style, isSubmitted = true): string {
  return formatSections(
    {
      runId: summary.run_id,
      startedAt: summary.started_at,
      host: summary.host,
      report: summary.report.html,
      engine: upsampleEngineText(summary.engine, summary.model),
      headline: headline(summary, style, isSubmitted),
      results: [['Enriched specs', printable(summary.output_dir)]],
      notices: [
        ...(summary.left_out ? [leftOutText(summary.left_out)] : []),
        ...(summary.counts.reused > 0 ? [printable(reusedText(summary))] : []),
      ],
      failures: summary.failures,
      failureNoun: 'spec',
      nextSteps: nextSteps(summary, style),
    },
    style,
  );
}

export function savedText(done: number, total: number): string {
  return `${numeral(done)} of ${numeral(total)} ${done === 1 ? 'is' : 'are'} saved.`;
}

function headline(summary: UpsampleSummary, style: Style, isSubmitted: boolean): string {
  const { counts, duration_ms: durationMs, status } = summary;
  const isDetached = status === 'detached';
  const done = counts.upsampled + counts.reused + counts.skipped + counts.failed;
  if (isDetached && isSubmitted && done === 0)
    return `… ${counted(counts.total, 'spec')} submitted in ${durationText(durationMs)}`;
  const parts = [
    style.good(`${numeral(counts.upsampled)} upsampled`),
    counts.reused > 0 ? `${numeral(counts.reused)} reused` : '',
    counts.skipped > 0 ? `${numeral(counts.skipped)} skipped (already enriched)` : '',
    counts.failed > 0 ? style.bad(`${numeral(counts.failed)} failed`) : '',
  ].filter((part) => part !== '');
  const open = counts.total - done;
  const openText = `${numeral(open)} ${isDetached ? 'still to come' : 'not done'}`;
  if (open > 0) parts.push(isDetached ? openText : style.bad(openText));
  const mark = isDetached ? '…' : status === 'complete' ? style.good('✓') : style.bad('✗');
  return `${mark} ${parts.join(', ')} of ${counted(counts.total, 'spec')} in ${durationText(durationMs)}`;
}

function nextSteps(
  { status, run_id: runId, is_resumable: isResumable }: UpsampleSummary,
  style: Style,
): string[] {
  if (status === 'complete') return [];
  if (status === 'detached') return detachedSteps(runId, 'bring the results home', style);
  if (!isResumable) return ['Fix what failed and run the same command again: what is finished is reused.'];
  return [`To try the rest again:  ${style.bold(resumeCommand(runId))}`];
}
