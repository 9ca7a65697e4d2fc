import { AppError, messageOf } from '../../errors/app-error.ts';
import type { CheckResult } from '../../ports/diagnostics.ts';

export type Finding = Omit<CheckResult, 'name'>;

export interface Check {
  readonly name: string;
  run(): Promise<Finding>;
}

/** Runs a check; one that throws has failed. */
export async function runCheck(name: string, run: () => Promise<Finding>): Promise<CheckResult> {
  try {
    return { name, ...(await run()) };
  } catch (error) {
    const nextStep = error instanceof AppError ? error.nextStep : null;
    return { name, ...failed(messageOf(error), nextStep ?? 'See the message.') };
  }
}

export function ok(detail: string): Finding {
  return { status: 'ok', detail, fix: null };
}

export function warning(detail: string, fix: string): Finding {
  return { status: 'warning', detail, fix };
}

export function failed(detail: string, fix: string): Finding {
  return { status: 'failed', detail, fix };
}

/** What cannot be told because a check before it has failed. */
export function skipped(detail: string): Finding {
  return { status: 'skipped', detail, fix: null };
}
