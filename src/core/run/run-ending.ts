import { z } from 'zod';
import { attachCommand, resumeCommand } from './run-commands.ts';
import type { RunState } from './run-state.ts';
import { leftCode } from './run-status.ts';

/** Why a run ended before everything was done, or is not at work. JSON, so snake_case. */
export const runEndingSchema = z.object({
  /**
   * A code of `docs/exit-codes.md` or `docs/failures.md` for what stopped it, or `interrupted`, `cancelled`, `detached`,
   * `paused`, `tasks-failed`, `killed` (nothing was recorded), `unknown` (an older version recorded no reason).
   */
  code: z.string(),
  message: z.string(),
  /** When, ISO 8601; of a run that was killed, when it was last heard of. */
  ended_at: z.string().nullable(),
  /** What it means for the work: a sentence. */
  work: z.string(),
  /** What to do, with the exact command; null where there is nothing. */
  next_step: z.string().nullable(),
});

export type RunEnding = z.infer<typeof runEndingSchema>;

/** As much of a run as its end is told with. */
export interface EndedRun {
  readonly runId: string;
  readonly host: string;
  /** What its tasks are called: `specs`. */
  readonly taskNoun: string;
}

/** Why a run is not at work; null for one that is, that is complete, or that was never worked on. */
export function runEndingOf(state: AnyRunState, run: EndedRun): RunEnding | null {
  const { standing, lastEnd, lastTime, isResumable } = state;
  if (standing === 'running' || standing === 'complete') return null;
  const resume = `Continue with: ${resumeCommand(run.runId)}`;
  const common = { ended_at: lastEnd?.at ?? lastTime, work: workText(state, run) };
  if (standing === 'detached' && !lastEnd?.error)
    return {
      ...{
        code: leftCode,
        message: `The program left; the work keeps running on ${placeName(run.host)}.`,
        ...common,
      },
      next_step: `Follow it with: ${attachCommand(run.runId)}`,
    };
  if (standing === 'paused')
    return {
      ...{ code: 'paused', message: 'It waits for you to read its prompts.', ...common },
      next_step: resume,
    };
  if (lastEnd?.error && !state.isEnded) {
    const { code, message, next_step: nextStep } = lastEnd.error;
    return { code, message, ...common, next_step: nextStep ?? resume };
  }
  if (state.isEnded) {
    const { failed, total } = state.taskCounts;
    const message = `${failed} of ${total} ${run.taskNoun} failed; the report says why.`;
    const again = 'Fix what failed and run the same command again: what is finished is reused.';
    return { code: 'tasks-failed', message, ...common, next_step: isResumable ? resume : again };
  }
  if (lastEnd === null) return { ...killed, ...common, next_step: resume };
  return { code: 'unknown', message: 'It stopped before its end.', ...common, next_step: resume };
}

const killed = {
  code: 'killed',
  message: 'The program recorded no end: it was killed, or this machine stopped.',
} as const;

type AnyRunState = Pick<
  RunState<{ readonly type: string }>,
  'standing' | 'lastEnd' | 'lastTime' | 'isEnded' | 'isResumable' | 'taskCounts'
>;

function workText({ standing, taskCounts }: AnyRunState, { taskNoun, host }: EndedRun): string {
  const { done, failed, total } = taskCounts;
  const parts = [
    `${done} of ${total} ${taskNoun} are done and kept`,
    ...(failed > 0 ? [`${failed} failed`] : []),
  ];
  const open = total - done - failed;
  if (standing === 'detached')
    parts.push(`${open} ${open === 1 ? 'is' : 'are'} still to come from ${placeName(host)}`);
  else if (open > 0) parts.push(`${open} ${open === 1 ? 'is' : 'are'} still to do`);
  else if (failed === 0) parts.push('the last step is still to do');
  return `${parts.join(', ')}.`;
}

/** A host in a sentence. */
export function placeName(host: string): string {
  return host === 'local' ? 'this machine' : host;
}
