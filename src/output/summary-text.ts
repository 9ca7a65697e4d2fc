import { engineText, type RunSummary } from '../core/report/run-summary.ts';
import { failureLines } from './failures-text.ts';
import type { Style } from './style.ts';
import { counted, durationText, printable } from './words.ts';

/** What a person reads when a run has ended. */
export function formatSummary(summary: RunSummary, style: Style): string {
  const lines = [headline(summary, style), '', ...placesOf(summary, style)];
  if (summary.failures.length > 0) lines.push('', ...failureLines(summary.failures, style, 'the report'));
  if (summary.status !== 'complete') lines.push('', nextStep(summary, style));
  return `${lines.join('\n')}\n`;
}

/** The command that goes on with a run. */
export function resumeCommand(runId: string): string {
  return `cosmos batch-upsample --resume ${runId}`;
}

/** How much of a run lies on disk when it is interrupted: `24 of 60 are saved.` */
export function savedText(done: number, total: number): string {
  return `${done.toLocaleString('en-US')} of ${total.toLocaleString('en-US')} ${done === 1 ? 'is' : 'are'} saved.`;
}

function headline(summary: RunSummary, style: Style): string {
  const { counts, duration_ms: durationMs, status } = summary;
  if (status === 'detached')
    return `… ${counted(counts.total, 'spec')} handed over in ${durationText(durationMs)}`;
  const parts = [
    style.good(`${counts.upsampled.toLocaleString('en-US')} upsampled`),
    counts.reused > 0 ? `${counts.reused.toLocaleString('en-US')} reused` : '',
    counts.skipped > 0 ? `${counts.skipped.toLocaleString('en-US')} skipped (already enriched)` : '',
    counts.failed > 0 ? style.bad(`${counts.failed.toLocaleString('en-US')} failed`) : '',
  ].filter((part) => part !== '');
  const done = counts.upsampled + counts.reused + counts.skipped + counts.failed;
  const open = counts.total - done;
  if (open > 0) parts.push(style.bad(`${open.toLocaleString('en-US')} not done`));
  const mark = status === 'complete' ? style.good('✓') : style.bad('✗');
  return `${mark} ${parts.join(', ')} of ${counted(counts.total, 'spec')} in ${durationText(durationMs)}`;
}

function placesOf(summary: RunSummary, style: Style): string[] {
  return [
    `  Enriched specs  ${printable(summary.output_dir)}`,
    `  Report          ${printable(summary.report.html)}`,
    `  Engine          ${printable(engineText(summary.engine, summary.model))}`,
    `  Run             ${style.dim(summary.run_id)}`,
  ];
}

function nextStep(summary: RunSummary, style: Style): string {
  if (summary.status === 'detached') {
    return `The work goes on by itself. To bring the results home:  ${style.bold(`cosmos attach ${summary.run_id}`)}`;
  }
  return summary.is_resumable
    ? `To try what is not done once more:  ${style.bold(resumeCommand(summary.run_id))}`
    : 'Correct what failed and run the same command again: what is finished is reused.';
}
