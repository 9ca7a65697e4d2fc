import { printable } from '../../core/printable.ts';
import { wrapped } from './columns.ts';
import { counted, numeral } from './format.ts';
import type { Style } from './style.ts';

/** Causes that are told apart; some document has all failures. */
const maxCauses = 20;

/** Specs that are named with each cause. */
const maxExamples = 3;

/** One failed spec, or another part of a run, by its name. */
export interface NamedFailure {
  readonly spec: string;
  readonly code: string;
  readonly message: string;
  readonly next_step: string;
}

/** Failures of one code with one next step. */
interface FailureGroup {
  readonly code: string;
  readonly next_step: string;
  readonly failures: NamedFailure[];
}

/**
 * Failures by code, with the next step once, and below it by cause: few that fail alike are all named, of many some examples
 * stand for the others.
 *
 * @param completeIn - What has all of them: `the report`.
 * @param noun - What failed: a `spec`, or in a video a `segment`.
 */
export function failureLines(
  failures: readonly NamedFailure[],
  style: Style,
  completeIn: string,
  noun = 'spec',
): string[] {
  let causesLeft = maxCauses;
  let shown = 0;
  const lines = groupsOf(failures).flatMap((group) => {
    const causes = causesOf(group.failures).slice(0, causesLeft);
    causesLeft -= causes.length;
    if (causes.length === 0) return [];
    shown += causes.reduce((sum, alike) => sum + alike.length, 0);
    return [
      `${style.bad('✗')} ${style.bold(group.code)}: ${counted(group.failures.length, noun)}`,
      // Left to the terminal to wrap: it may hold a command to copy.
      `    → ${printable(group.next_step)}`,
      ...causes.flatMap((alike) => causeLines(alike, style, noun)),
    ];
  });
  const more = failures.length - shown;
  return more > 0 ? [...lines, `  … and ${numeral(more)} more; ${completeIn} has them all.`] : lines;
}

/** Why a spec failed, on one line, without its path, which stands beside it already. */
export function failureReason({ spec, message }: Pick<NamedFailure, 'spec' | 'message'>): string {
  if (!message.startsWith(`${spec}:`)) return printable(message);
  const rest = message.slice(spec.length + 1);
  return printable(/^\d+:/.test(rest) ? `line ${rest}` : rest.trimStart());
}

/** Failures with one cause: the reason once where all have the very same, and else with each example. */
function causeLines(alike: readonly NamedFailure[], style: Style, noun: string): string[] {
  const [first] = alike;
  if (first === undefined) return [];
  const reason = failureReason(first);
  const isSame = alike.length > maxExamples && alike.every((failure) => failureReason(failure) === reason);
  const examples = alike.slice(0, maxExamples);
  const more = alike.length - examples.length;
  if (!isSame) {
    const lines = examples.flatMap((failure) =>
      fitted(`${printable(failure.spec)}  ${failureReason(failure)}`, 4, style).map(([indent, text], index) =>
        paintReason(indent, text, index === 0 ? printable(failure.spec).length : 0, style),
      ),
    );
    return more > 0 ? [...lines, `    … and ${numeral(more)} more that failed alike`] : lines;
  }
  const names = examples.map(({ spec }) => printable(spec)).join(', ');
  const all = more > 0 ? `${names} and ${numeral(more)} more` : names;
  return [
    ...fitted(`${reason} (${counted(alike.length, noun)})`, 4, style).map(
      ([indent, text]) => indent + style.dim(text),
    ),
    ...fitted(all, 6, style).map(([indent, text]) => indent + text),
  ];
}

/** The name as it is, and what stands behind it dimmed. */
function paintReason(indent: string, text: string, nameLength: number, style: Style): string {
  return `${indent}${text.slice(0, nameLength)}${style.dim(text.slice(nameLength))}`;
}

/** Text below an indent, divided between words where it is wider than the terminal; continued two columns further in. */
function fitted(text: string, indent: number, { columns }: Style): [indent: string, text: string][] {
  const spaces = ' '.repeat(indent);
  if (columns === undefined) return [[spaces, text]];
  const [first = '', ...rest] = wrapped(text, columns - indent - 2);
  return [[spaces, first], ...rest.map((line): [string, string] => [`${spaces}  `, line])];
}

/** Small groups come first, so that a large one does not take all the room from them. */
function groupsOf(failures: readonly NamedFailure[]): FailureGroup[] {
  const groups = new Map<string, FailureGroup>();
  for (const failure of failures) {
    const { code, next_step: nextStep } = failure;
    const key = `${code} ${nextStep}`;
    const group = groups.get(key) ?? { code, next_step: nextStep, failures: [] };
    group.failures.push(failure);
    groups.set(key, group);
  }
  const bySize = [...groups.values()].sort((one, other) => one.failures.length - other.failures.length);
  return bySize.slice(-maxCauses);
}

/** Failures whose reasons differ only in what they quote and count, the most frequent cause first. */
function causesOf(failures: readonly NamedFailure[]): NamedFailure[][] {
  const byCause = Map.groupBy(failures, (failure) =>
    failureReason(failure)
      .replaceAll(/"[^"]*"/g, '""')
      .replaceAll(failure.spec, '')
      .replaceAll(/\d+/g, '0'),
  );
  return [...byCause.values()].sort((one, other) => other.length - one.length);
}
