import type { InferencePlan } from '../../../core/inference/inference-plan.ts';
import { printable } from '../../../core/printable.ts';
import { formatTable } from '../columns.ts';
import { failureLines } from '../failures-text.ts';
import { counted } from '../format.ts';
import type { Style } from '../style.ts';
import { noticeLine } from '../summary-sections.ts';
import { formatPlan } from '../upsample/plan-text.ts';
import { warningLines } from './summary-text.ts';

/** Rows that are shown; `--json` has them all. */
const maxRows = 200;

/** The prompts as a table, then the videos. @param columns - Width to keep the first table to. */
export function formatInferencePlan(plan: InferencePlan, style: Style, columns?: number): string {
  const { prompts, videos, videoBatches } = plan;
  const ofPrompts = prompts.batches.length > 0 ? `${formatPlan(prompts, style, columns)}\n` : '';
  const [head = '', ...body] = formatTable([
    ['VIDEO', 'STEPS', 'SEED', 'CONTROLS', 'START'],
    ...videos
      .slice(0, maxRows)
      .map(({ video, parameters, controls, batch_id: batch }) => [
        printable(video),
        String(parameters.num_steps),
        String(parameters.seed),
        controls.map(({ kind, weight }) => `${kind} ${weight}`).join(', ') || '—',
        batch === null ? '—' : String(batch),
      ]),
  ]);
  const warnings = videos.flatMap(({ video, warnings: all }) => all.map((message) => ({ video, message })));
  const failures = videos.flatMap(({ video, failure }) => (failure ? [{ spec: video, ...failure }] : []));
  const lines = [
    style.dim(head),
    ...body,
    ...(videos.length > maxRows ? [`… and ${videos.length - maxRows} more; --json has them all.`] : []),
    '',
    ...warningLines(warnings, '--json').map(noticeLine),
    ...(failures.length > 0 ? failureLines(failures, style, '--json', 'video') : []),
    `${counted(videos.length, 'video')}, made in ${counted(videoBatches.length, 'start')} of the model's program or more.`,
  ];
  return `${ofPrompts}${lines.join('\n')}\n`;
}
