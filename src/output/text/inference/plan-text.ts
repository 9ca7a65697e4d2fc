import type { PlannedVideoTask } from '../../../core/inference/inference-checkpoint.ts';
import type { InferencePlan } from '../../../core/inference/inference-plan.ts';
import type { VideoWarning } from '../../../core/inference/inference-summary.ts';
import { printable } from '../../../core/printable.ts';
import { fittedTable } from '../columns.ts';
import { failureLines } from '../failures-text.ts';
import { counted } from '../format.ts';
import type { Style } from '../style.ts';
import { noticeLine } from '../summary-sections.ts';
import { formatPlan, leftOutText } from '../upsample/plan-text.ts';
import { warningLines } from './summary-text.ts';

/** Rows that are shown; `--json` has them all. */
const maxRows = 200;

/** The prompts as a table, then the videos. @param columns - Width to keep the tables to. */
export function formatInferencePlan(plan: InferencePlan, style: Style, columns?: number): string {
  const { prompts, videos, videoBatches } = plan;
  const ofPrompts =
    prompts.batches.length > 0 || videos.length === 0 ? formatPlan(prompts, style, columns) : '';
  if (videos.length === 0) return ofPrompts;
  const rows = [
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
  ];
  const [head = '', ...body] = fittedTable(rows, columns, [0, 3]);
  const lines = [
    style.dim(head),
    ...body,
    ...(videos.length > maxRows ? [`… and ${videos.length - maxRows} more; --json has them all.`] : []),
    '',
    ...warningLines(videos.flatMap(warningsOf), '--json').map(noticeLine),
    ...failuresOf(plan, style),
    ...(ofPrompts === '' && prompts.leftOut ? [leftOutText(prompts.leftOut)] : []),
    videoBatches.length === 0
      ? `${counted(videos.length, 'video')}, of which none can be made.`
      : `${counted(videos.length, 'video')}; the model's program is started at least ${videoBatches.length === 1 ? 'once' : `${videoBatches.length} times`}.`,
  ];
  return `${ofPrompts === '' ? '' : `${ofPrompts}\n`}${lines.join('\n')}\n`;
}

function warningsOf({ video, warnings, existing_sha256: existing }: PlannedVideoTask): VideoWarning[] {
  const there = 'a file is already there: kept if it is this very video, otherwise in the way (--force)';
  return [...warnings, ...(existing === null ? [] : [there])].map((message) => ({ video, message }));
}

/** Of videos whose prompt fails, only that is said, with the prompts. */
function failuresOf({ prompts, videos }: InferencePlan, style: Style): string[] {
  const withoutPrompt = new Set(prompts.specs.flatMap(({ spec, failure }) => (failure ? [spec] : [])));
  const failures = videos.flatMap(({ video, spec, failure }) =>
    failure && !(prompts.batches.length > 0 && withoutPrompt.has(spec)) ? [{ spec: video, ...failure }] : [],
  );
  return failures.length > 0 ? [...failureLines(failures, style, '--json', 'video'), ''] : [];
}
