import { printable } from '../../core/printable.ts';
import type { RunEnding } from '../../core/run/run-ending.ts';
import type { Style } from './style.ts';

/** Why a run is not at work, when that was, what it means for the work, and what to do: for a terminal. */
export function endingLines(ending: RunEnding, style: Style): string[] {
  const { code, message, ended_at: endedAt, work, next_step: nextStep } = ending;
  const when = endedAt === null ? '' : ` ${style.dim(`(${endedAt.slice(0, 16).replace('T', ' ')} UTC)`)}`;
  return [
    `Why it ended: ${style.bold(printable(code))}: ${printable(message)}${when}`,
    `    ${printable(work)}`,
    ...(nextStep === null ? [] : [`    → ${printable(nextStep)}`]),
  ];
}
