import { printable } from '../../core/printable.ts';
import { counted, numeral } from './format.ts';
import type { Style } from './style.ts';

/** Specs that are named; some document has them all. */
const maxNamed = 20;

/** One failed spec, or another part of a run, by its name. */
export interface NamedFailure {
  readonly spec: string;
  readonly code: string;
  readonly message: string;
  readonly next_step: string;
}

interface FailureGroup {
  readonly code: string;
  readonly next_step: string;
  readonly failures: NamedFailure[];
}

/**
 * Failures by code: the code and the next step once, then the specs, 20 in all.
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
  let left = maxNamed;
  const lines = groupsOf(failures).flatMap((group) => {
    const named = group.failures.slice(0, left);
    left -= named.length;
    return [
      `${style.bad('✗')} ${style.bold(group.code)}: ${counted(group.failures.length, noun)}`,
      `    → ${printable(group.next_step)}`,
      ...named.map((failure) => `    ${printable(failure.spec)}  ${style.dim(failureReason(failure))}`),
    ];
  });
  const more = failures.length - (maxNamed - left);
  return more > 0 ? [...lines, `  … and ${numeral(more)} more; ${completeIn} has them all.`] : lines;
}

/** Why a spec failed, on one line, without its path, which stands beside it already. */
export function failureReason({ spec, message }: Pick<NamedFailure, 'spec' | 'message'>): string {
  if (!message.startsWith(`${spec}:`)) return printable(message);
  const rest = message.slice(spec.length + 1);
  return printable(/^\d+:/.test(rest) ? `line ${rest}` : rest.trimStart());
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
  return bySize.slice(-maxNamed);
}
