import type { InferenceSummary, VideoWarning } from '../../../core/inference/inference-summary.ts';
import { printable } from '../../../core/printable.ts';
import { resumeCommand } from '../../../core/run/run-commands.ts';
import { upsampleEngineText } from '../../../core/upsample/upsample-summary.ts';
import { counted, durationText, numeral } from '../format.ts';
import type { Style } from '../style.ts';
import { detachedSteps, formatSections } from '../summary-sections.ts';
import { leftOutText } from '../upsample/plan-text.ts';

/** Warnings that are written, and videos that are named with each. */
const maxWarnings = 10;
const maxNamed = 3;

/** What a person reads when a run from prompts to videos has ended. @param isSubmitted - Of a detached run: whole. */
export function formatInferenceSummary(summary: InferenceSummary, style: Style, isSubmitted = true): string {
  const { warnings, engine, model, family } = summary;
  return formatSections(
    {
      runId: summary.run_id,
      startedAt: summary.started_at,
      host: summary.host,
      report: summary.report.html,
      engine: [
        engine === '' ? null : upsampleEngineText(engine, model),
        summary.stages.includes('inference') ? family : null,
      ]
        .filter((part) => part !== null)
        .join('; '),
      headline: headline(summary, style, isSubmitted),
      results: [
        ...(summary.stages.includes('inference') ? [['Videos', printable(summary.videos_dir)] as const] : []),
        ['Enriched specs', printable(summary.output_dir)],
      ],
      notices: [
        ...warningLines(warnings, 'the report'),
        ...(summary.left_out ? [leftOutText(summary.left_out)] : []),
      ],
      failures: summary.failures,
      failureNoun: 'video',
      nextSteps: nextSteps(summary, style),
    },
    style,
  );
}

/** Each warning once, with the videos that it is of. @param completeIn - What has all of them: `the report`. */
export function warningLines(warnings: readonly VideoWarning[], completeIn: string): string[] {
  const byText = Map.groupBy(warnings, ({ message }) => message);
  const lines = [...byText].map(([message, videos]) => {
    const named = videos.slice(0, maxNamed).map(({ video }) => video);
    const more = videos.length > maxNamed ? ` and ${videos.length - maxNamed} more` : '';
    return `${named.join(', ')}${more}: ${message}.`;
  });
  const more = lines.length - maxWarnings;
  if (more <= 0) return lines;
  return [
    ...lines.slice(0, maxWarnings),
    `… and ${counted(more, 'more warning')}; ${completeIn} has them all.`,
  ];
}

function headline(summary: InferenceSummary, style: Style, isSubmitted: boolean): string {
  const { counts, status, stages, duration_ms: durationMs } = summary;
  const { prompts } = counts;
  const time = `in ${durationText(durationMs)}`;
  if (status === 'paused' || !stages.includes('inference')) {
    const done = prompts.upsampled + prompts.reused;
    const mark = status === 'paused' || status === 'complete' ? style.good('✓') : style.bad('✗');
    return `${mark} ${numeral(done)} of ${counted(prompts.total - prompts.skipped, 'prompt')} enriched ${time}`;
  }
  const isDetached = status === 'detached';
  if (isDetached && isSubmitted && counts.made + counts.reused + counts.failed === 0)
    return `… ${counted(counts.total, 'video')} submitted ${time}`;
  const open = counts.total - counts.made - counts.reused - counts.skipped - counts.failed;
  const openText = `${numeral(open)} ${isDetached ? 'still to come' : 'not made'}`;
  const parts = [
    style.good(`${numeral(counts.made)} made`),
    counts.reused > 0 ? `${numeral(counts.reused)} reused` : '',
    counts.skipped > 0 ? `${numeral(counts.skipped)} left out` : '',
    counts.failed > 0 ? style.bad(`${numeral(counts.failed)} failed`) : '',
    open > 0 ? (isDetached ? openText : style.bad(openText)) : '',
  ].filter((part) => part !== '');
  const mark = isDetached ? '…' : status === 'complete' ? style.good('✓') : style.bad('✗');
  return `${mark} ${parts.join(', ')} of ${counted(counts.total, 'video')} ${time}`;
}

function nextSteps(
  { status, run_id: runId, is_resumable: isResumable, output_dir: folder }: InferenceSummary,
  style: Style,
): string[] {
  const resume = style.bold(resumeCommand(runId));
  if (status === 'complete') return [];
  if (status === 'paused')
    return [
      `Read the prompts in the report; to change one, edit it in ${printable(folder)}.`,
      `Then make the videos:  ${resume}`,
      `Leave some out with --skip, or select some with --only.`,
    ];
  if (status === 'detached') return detachedSteps(runId, 'bring the videos home', style);
  if (!isResumable) return ['Fix what failed and run the same command again: what is finished is reused.'];
  return [`To try the rest again:  ${resume}`];
}
