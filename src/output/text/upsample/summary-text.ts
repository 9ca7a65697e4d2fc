import { printable } from '../../../core/printable.ts';
import { type UpsampleSummary, upsampleEngineText } from '../../../core/upsample/upsample-summary.ts';
import { formatTable } from '../columns.ts';
import { failureLines } from '../failures-text.ts';
import { counted, durationText } from '../format.ts';
import type { Style } from '../style.ts';

/**
 * What a person reads when a run has ended.
 *
 * @param isHandedOver - Whether a detached run was handed over whole; false when its host was lost on the way.
 */
export function formatSummary(summary: UpsampleSummary, style: Style, isHandedOver = true): string {
  const lines = [headline(summary, style, isHandedOver), '', ...placesOf(summary, style)];
  if (summary.failures.length > 0) lines.push('', ...failureLines(summary.failures, style, 'the report'));
  if (summary.status !== 'complete') lines.push('', nextStep(summary, style));
  return `${lines.join('\n')}\n`;
}

/** The command that goes on with a run. */
function resumeCommand(runId: string): string {
  return `cosmos batch-upsample --resume ${runId}`;
}

/** How much of a run lies on disk when it is interrupted: `24 of 60 are saved.` */
export function savedText(done: number, total: number): string {
  return `${done.toLocaleString('en-US')} of ${total.toLocaleString('en-US')} ${done === 1 ? 'is' : 'are'} saved.`;
}

function headline(summary: UpsampleSummary, style: Style, isHandedOver: boolean): string {
  const { counts, duration_ms: durationMs, status } = summary;
  const isDetached = status === 'detached';
  const done = counts.upsampled + counts.reused + counts.skipped + counts.failed;
  if (isDetached && isHandedOver && done === 0)
    return `… ${counted(counts.total, 'spec')} handed over in ${durationText(durationMs)}`;
  const parts = [
    style.good(`${counts.upsampled.toLocaleString('en-US')} upsampled`),
    counts.reused > 0 ? `${counts.reused.toLocaleString('en-US')} reused` : '',
    counts.skipped > 0 ? `${counts.skipped.toLocaleString('en-US')} skipped (already enriched)` : '',
    counts.failed > 0 ? style.bad(`${counts.failed.toLocaleString('en-US')} failed`) : '',
  ].filter((part) => part !== '');
  const open = counts.total - done;
  const openText = `${open.toLocaleString('en-US')} ${isDetached ? 'still to come' : 'not done'}`;
  if (open > 0) parts.push(isDetached ? openText : style.bad(openText));
  const mark = isDetached ? '…' : status === 'complete' ? style.good('✓') : style.bad('✗');
  return `${mark} ${parts.join(', ')} of ${counted(counts.total, 'spec')} in ${durationText(durationMs)}`;
}

function placesOf(summary: UpsampleSummary, style: Style): string[] {
  return [
    `  Enriched specs  ${printable(summary.output_dir)}`,
    `  Report          ${printable(summary.report.html)}`,
    `  Engine          ${printable(upsampleEngineText(summary.engine, summary.model))}`,
    ...(summary.host === 'local' ? [] : [`  Host            ${printable(summary.host)}`]),
    `  Run             ${style.dim(summary.run_id)}`,
  ];
}

function nextStep(summary: UpsampleSummary, style: Style): string {
  if (summary.status === 'detached') return detachedText(summary.run_id, style);
  return summary.is_resumable
    ? `To try what is not done once more:  ${style.bold(resumeCommand(summary.run_id))}`
    : 'Correct what failed and run the same command again: what is finished is reused.';
}

function detachedText(runId: string, style: Style): string {
  const next = [
    ['attach', 'bring the results home'],
    ['logs', 'see what its workers say'],
    ['cancel', 'stop it'],
  ] as const;
  const rows = next.map(([command, what]) => [style.bold(`cosmos ${command} ${runId}`), what]);
  return ['The work goes on by itself:', ...formatTable(rows).map((line) => `  ${line}`)].join('\n');
}
