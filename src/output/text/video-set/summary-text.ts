import { printable } from '../../../core/printable.ts';
import { resumeCommand } from '../../../core/run/run-commands.ts';
import type { VideoSetRow, VideoSetSummary } from '../../../core/video-set/set-summary.ts';
import { bytesText, counted, durationText, numeral } from '../format.ts';
import type { Style } from '../style.ts';
import { detachedSteps, formatSections } from '../summary-sections.ts';
import { speedText } from '../video/summary-text.ts';
import { setEngineText } from '../video/video-names.ts';

/** Videos that are named; the report has all. */
const maxNamed = 10;

/**
 * What a person reads when a run over several videos has ended.
 *
 * @param isSubmitted - Whether a detached run was submitted whole; false when its host was lost on the way.
 */
export function formatVideoSetSummary(summary: VideoSetSummary, style: Style, isSubmitted = true): string {
  return formatSections(
    {
      runId: summary.run_id,
      startedAt: summary.started_at,
      host: summary.host,
      report: summary.report.html,
      engine: setEngineText(summary),
      headline: headline(summary, style, isSubmitted),
      results: resultsOf(summary),
      notices: summary.notices,
      failures: summary.failures.map((failure) => ({ ...failure, spec: failure.input })),
      failureNoun: 'video',
      nextSteps: nextSteps(summary, style),
    },
    style,
  );
}

function headline(
  { counts, status, ...summary }: VideoSetSummary,
  style: Style,
  isSubmitted: boolean,
): string {
  const { videos, finished, skipped, failed } = counts;
  const open = videos - finished - skipped - failed;
  const time = `in ${durationText(summary.duration_ms)}${speedText(summary)}`;
  const isDetached = status === 'detached';
  if (isDetached && isSubmitted && finished === 0) return `… ${counted(videos, 'video')} submitted ${time}`;
  const parts = [
    open + failed + skipped === 0
      ? style.good(`${counted(finished, 'video')} upscaled`)
      : `${numeral(finished)} of ${counted(videos, 'video')} upscaled`,
    skipped > 0 ? `${numeral(skipped)} skipped` : '',
    failed > 0 ? style.bad(`${numeral(failed)} failed`) : '',
    open > 0 ? `${numeral(open)} ${isDetached ? 'still to come' : 'not done'}` : '',
  ].filter((part) => part !== '');
  const mark = isDetached ? '…' : open + failed === 0 ? style.good('✓') : style.bad('✗');
  return `${mark} ${parts.join(', ')} ${time}`;
}

function resultsOf({ output, videos, counts, ignored }: VideoSetSummary): [string, string][] {
  const bytes = videos.reduce((sum, video) => sum + (video.size_bytes ?? 0), 0);
  const size = counts.finished > 0 ? ` (${counted(counts.frames, 'frame')}, ${bytesText(bytes)})` : '';
  const skipped = videos.filter(({ status }) => status === 'skipped');
  return [
    ['Videos', `${printable(output)}${size}`],
    ...named(
      'Skipped',
      skipped.map(({ output: path }: VideoSetRow) => path),
      'there already; --force replaces them',
    ),
    ...named('Ignored', ignored, 'neither videos nor pictures'),
  ];
}

/** `a.mp4, b.mp4 and 3 more (there already)` */
function named(term: string, names: readonly string[], why: string): [string, string][] {
  if (names.length === 0) return [];
  const more = names.length - maxNamed;
  const listed = names
    .slice(0, more > 1 ? maxNamed : undefined)
    .map(printable)
    .join(', ');
  return [[term, `${listed}${more > 1 ? ` and ${numeral(more)} more` : ''} (${why})`]];
}

function nextSteps(
  { run_id: runId, status, is_resumable: isResumable }: VideoSetSummary,
  style: Style,
): string[] {
  if (status === 'detached')
    return detachedSteps(runId, 'bring the segments home and finish the videos', style);
  if (status === 'complete' || !isResumable) return [];
  return [`To continue:  ${style.bold(resumeCommand(runId))}`];
}
