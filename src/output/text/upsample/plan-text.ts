import { printable } from '../../../core/printable.ts';
import type { LeftOut } from '../../../core/spec/select-specs.ts';
import { fewestControlTokens } from '../../../core/tokens/budget.ts';
import {
  otherResultsText,
  type PlannedSpec,
  type UpsamplePlan,
} from '../../../core/upsample/upsample-plan.ts';
import { estimatorOf } from '../../../core/upsample/upsample-settings.ts';
import { columnsOf, cutInMiddle, formatTable } from '../columns.ts';
import { failureLines } from '../failures-text.ts';
import { counted, numeral } from '../format.ts';
import type { Style } from '../style.ts';

/** Rows that are shown; `--json` has them all. */
const maxRows = 200;

/** What is always left of a spec's path, in columns. */
const minSpecColumns = 14;

/** With less than this for paths, in columns, they look alike; the table then does without codes. */
const readableSpecColumns = 24;

/**
 * The plan as a table: one row a spec, then what it adds up to.
 *
 * @param columns - Width to keep to, in columns: paths are shortened in the middle. Undefined keeps them whole.
 */
export function formatPlan(plan: UpsamplePlan, style: Style, columns?: number): string {
  const [head = '', ...body] = formatTable(fittedRows(plan.specs.slice(0, maxRows), columns));
  const painted = body.map((line, index) => paint(line, plan.specs[index], style));
  const more = plan.specs.length - maxRows;
  if (more > 0) painted.push(style.dim(`… and ${counted(more, 'other')}; --json has them all.`));
  const lines = [
    style.dim(head),
    ...painted,
    '',
    ...failuresOf(plan, style),
    ...counting(plan),
    totals(plan),
    ...(plan.leftOut ? [leftOutText(plan.leftOut)] : []),
    ...othersOf(plan),
  ];
  return `${lines.join('\n')}\n`;
}

/** How tokens were counted for a model; the embedded engine has no use for it. */
function counting({ settings }: UpsamplePlan): string[] {
  const { engine, server, control_tokens: control, max_tokens: limit } = settings;
  if (engine.kind !== 'openai') return [];
  const by = server === undefined ? '' : ` (the server is ${server})`;
  const template =
    control === undefined
      ? `${fewestControlTokens} tokens for the chat template`
      : `${control} tokens for the chat template, as seen in an earlier run`;
  return [
    `Counted by ${estimatorOf(settings)}${by}, with ${template}, and ${engine.max_output_tokens} for the answer, of ${limit}.`,
  ];
}

/** The rows, within `columns`: codes of failures, which stand below again, give way first, then the paths. */
function fittedRows(specs: readonly PlannedSpec[], columns: number | undefined): string[][] {
  const rows = rowsOf(specs, true);
  if (columns === undefined) return rows;
  const isNarrow = columns - columnsBesideSpec(rows) < readableSpecColumns;
  const fitting = isNarrow ? rowsOf(specs, false) : rows;
  const left = Math.max(minSpecColumns, columns - columnsBesideSpec(fitting));
  return fitting.map(([spec = '', ...rest]) => [cutInMiddle(spec, left), ...rest]);
}

function rowsOf(specs: readonly PlannedSpec[], hasCodes: boolean): string[][] {
  const head = ['SPEC', 'VIDEO', 'ACTION', 'SENT', 'TOKENS', 'BATCH'];
  return [head, ...specs.map((spec) => rowOf(spec, hasCodes))];
}

function rowOf(planned: PlannedSpec, hasCodes: boolean): string[] {
  const { spec, video, action, hint, tokens, failure, batch_id: batchId } = planned;
  return [
    printable(spec),
    video ? `${video.width}x${video.height}` : '—',
    hasCodes ? (failure?.code ?? action) : action,
    hint ? `${hint.width}x${hint.height} x${hint.frames}` : '—',
    tokens ? String(tokens.total) : '—',
    batchId === null ? '—' : String(batchId),
  ];
}

function columnsBesideSpec(rows: readonly string[][]): number {
  return Math.max(...formatTable(rows.map(([, ...rest]) => ['', ...rest])).map(columnsOf));
}

function paint(line: string, spec: PlannedSpec | undefined, style: Style): string {
  if (spec?.action === 'fail') return style.bad(line);
  return spec?.action === 'skip' ? style.dim(line) : line;
}

function failuresOf(plan: UpsamplePlan, style: Style): string[] {
  const failed = plan.specs.flatMap(({ spec, failure }) => (failure ? [{ spec, ...failure }] : []));
  return failed.length > 0 ? [...failureLines(failed, style, '--json'), ''] : [];
}

function othersOf({ others, settings }: UpsamplePlan): string[] {
  if (others.length === 0) return [];
  return [
    `${printable(otherResultsText(others, settings.output_dir))} Add --force, or choose another --output-dir.`,
  ];
}

/** What was found and is not worked on. */
export function leftOutText({ count, by }: LeftOut): string {
  return `${counted(count, 'more spec')} ${count === 1 ? 'is' : 'are'} left out (${printable(by)}).`;
}

function totals(plan: UpsamplePlan): string {
  const part = (action: PlannedSpec['action'], what: string) => {
    const count = plan.specs.filter((spec) => spec.action === action).length;
    return count > 0 ? [`${numeral(count)} ${what}`] : [];
  };
  const parts = [
    ...part('hint', 'with a hint video'),
    ...part('as-is', 'as they are'),
    ...part('skip', 'skipped'),
    ...part('fail', 'failing'),
  ];
  const sum = counted(plan.specs.length, 'spec');
  const batches = plan.batches.length > 0 ? `; ${counted(plan.batches.length, 'batch', 'batches')}` : '';
  return `${parts.length > 0 ? `${sum}: ${parts.join(', ')}` : sum}${batches}.`;
}
