import { printable } from '../../core/printable.ts';
import type { ShownRecord } from '../../core/spec/shown-record.ts';
import type { PlannedSpec } from '../../core/upsample/upsample-plan.ts';
import { upsampleEngineText } from '../../core/upsample/upsample-summary.ts';
import { formatTable, wrapped } from './columns.ts';
import { counted, durationText, numeral } from './format.ts';
import type { Style } from './style.ts';

/** Width of a text that is read, where the terminal has more. */
const readableColumns = 100;

interface ShownPrompts {
  readonly spec: string;
  readonly enriched_spec: string | null;
  readonly before: string;
  readonly after: string | null;
  readonly negative_prompt: string | null;
  readonly video: string | null;
  readonly record: ShownRecord | null;
  readonly planned: ShownPlanned | null;
}

interface ShownPlanned extends Pick<PlannedSpec, 'hint' | 'tokens'> {
  readonly output_reserved: number;
  readonly limit: number;
  readonly estimator: string;
  readonly message: string | null;
}

/** Specs for people: the prompt before and after, and how it came about. @param columns - Width to keep to. */
export function formatShownSpecs(specs: readonly ShownPrompts[], style: Style, columns = 80): string {
  const width = Math.min(columns, readableColumns) - 2;
  return specs.map((spec) => `${linesOf(spec, style, width).join('\n')}\n`).join('\n');
}

function linesOf(shown: ShownPrompts, style: Style, width: number): string[] {
  const { spec, enriched_spec: enriched, before, after, negative_prompt: negative, video } = shown;
  const { record, planned } = shown;
  const block = (title: string, text: string) => [
    style.bold(title),
    ...text.split('\n').flatMap((line) => wrapped(printable(line), width).map((part) => `  ${part}`)),
    '',
  ];
  const facts: string[][] = [
    ...(video ? [['Video', printable(video)]] : []),
    ...(enriched !== null && enriched !== spec ? [['Enriched spec', printable(enriched)]] : []),
    ...(record ? factsOf(record) : []),
    ...(planned ? planFactsOf(planned) : []),
  ];
  return [
    style.bold(printable(spec)),
    '',
    ...block('Before', before),
    ...(after === null ? ['Not enriched yet, or not in the output folder.', ''] : block('After', after)),
    ...(negative?.trim() ? block('Negative prompt', negative) : []),
    ...formatTable(facts),
  ];
}

/** What would be sent of a spec that is not enriched yet. */
function planFactsOf({ hint, tokens, message, limit, estimator, ...rest }: ShownPlanned): string[][] {
  const { output_reserved: reserved } = rest;
  return [
    ...(hint ? [['To send', `${counted(hint.frames, 'frame')} of ${hint.width}x${hint.height}`]] : []),
    ...(tokens ? tokenRows({ ...tokens, output_reserved: reserved, limit, estimator }) : []),
    ...(message === null ? [] : [['Would fail', printable(message)]]),
  ];
}

interface CountedTokens {
  readonly vision: number;
  readonly text: number;
  readonly output_reserved: number;
  readonly limit: number;
  readonly estimator: string;
}

function tokenRows({ vision, text, output_reserved: reserved, limit, estimator }: CountedTokens): string[][] {
  return [
    ['Tokens', `${numeral(vision)} vision + ${numeral(text)} text + ${numeral(reserved)} for the answer`],
    ['', `of ${numeral(limit)}, counted by ${printable(estimator)}`],
  ];
}

function factsOf(record: ShownRecord): string[][] {
  const { engine, model, hint, frames_used: frames, tokens, duration_ms: durationMs, run_id: runId } = record;
  const rows: string[][] = [];
  if (engine !== null) rows.push(['Engine', printable(upsampleEngineText(engine, model ?? ''))]);
  if (frames !== null) {
    const size = hint ? ` of ${hint.width}x${hint.height}` : '';
    rows.push(['Frames', `${counted(frames, 'frame')}${size}`]);
  }
  if (tokens) {
    rows.push(...tokenRows(tokens));
    if (tokens.actual_prompt !== null)
      rows.push([
        '',
        `${numeral(tokens.actual_prompt)} asked and ${numeral(tokens.actual_output ?? 0)} answered, says the server`,
      ]);
  }
  if (durationMs !== null) rows.push(['Time', durationText(durationMs)]);
  if (runId !== null) rows.push(['Run', printable(runId)]);
  return rows;
}
