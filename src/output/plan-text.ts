import type { PlannedSpec, RunPlan } from '../core/run/plan.ts';
import type { Style } from './style.ts';
import { formatTable } from './table.ts';
import { counted, printable } from './words.ts';

/** Rows that are shown; `--json` has them all. */
const maxRows = 200;

/** The plan as a table: one row a spec, then what it adds up to. */
export function formatPlan(plan: RunPlan, style: Style): string {
  const rows = plan.specs.slice(0, maxRows).map((spec) => rowOf(spec));
  const lines = formatTable([['SPEC', 'VIDEO', 'ACTION', 'SENT', 'TOKENS', 'BATCH'], ...rows]);
  const [head = '', ...body] = lines;
  const painted = body.map((line, index) => paint(line, plan.specs[index], style));
  const more = plan.specs.length - maxRows;
  if (more > 0) painted.push(style.dim(`… and ${counted(more, 'other')}; --json has them all.`));
  return `${[style.dim(head), ...painted, '', ...failureLines(plan, style), totals(plan)].join('\n')}\n`;
}

function rowOf({ spec, video, action, hint, tokens, failure, batch_id: batchId }: PlannedSpec): string[] {
  return [
    printable(spec),
    video ? `${video.width}x${video.height}` : '—',
    action === 'fail' ? (failure?.code ?? 'fail') : action,
    hint ? `${hint.width}x${hint.height} x${hint.frames}` : '—',
    tokens ? String(tokens.total) : '—',
    batchId === null ? '—' : String(batchId),
  ];
}

function paint(line: string, spec: PlannedSpec | undefined, style: Style): string {
  if (spec?.action === 'fail') return style.bad(line);
  return spec?.action === 'skip' ? style.dim(line) : line;
}

function failureLines(plan: RunPlan, style: Style): string[] {
  const failed = plan.specs.filter((spec) => spec.failure).slice(0, maxRows);
  const lines = failed.flatMap(({ spec, failure }) => [
    `${style.bad('✗')} ${printable(spec)}: ${printable(failure?.message ?? '')}`,
    `    → ${failure?.hint ?? ''}`,
  ]);
  return lines.length > 0 ? [...lines, ''] : [];
}

function totals(plan: RunPlan): string {
  const count = (action: PlannedSpec['action']) => plan.specs.filter((spec) => spec.action === action).length;
  const parts = [
    `${count('hint')} with a hint video`,
    `${count('as-is')} as they are`,
    `${count('skip')} skipped`,
    `${count('fail')} failing`,
  ];
  return `${counted(plan.specs.length, 'spec')}: ${parts.join(', ')}; ${counted(plan.batches.length, 'batch', 'batches')}.`;
}
