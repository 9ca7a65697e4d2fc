import { DeadlineError } from '../../async/deadline.ts';
import { shortened } from '../../core/shortened.ts';
import { AppError, messageOf } from '../../errors/app-error.ts';
import { type SshTarget, titleOf } from './ssh-target.ts';

const reasons: Record<string, string> = {
  ENOTFOUND: 'there is no such name (ENOTFOUND)',
  EAI_AGAIN: 'names cannot be looked up right now (EAI_AGAIN)',
  ECONNREFUSED: 'no program listens on that port (ECONNREFUSED)',
  ECONNRESET: 'the connection was reset (ECONNRESET)',
  EHOSTUNREACH: 'there is no route to that machine (EHOSTUNREACH)',
  ENETUNREACH: 'this machine is not on a network that leads there (ENETUNREACH)',
  ETIMEDOUT: 'it did not answer in time (ETIMEDOUT)',
};

/** Why a host was not reached, for a person. */
export function unreachableReason(error: unknown): string {
  const cause: unknown = error instanceof AggregateError ? (error.errors[0] ?? error) : error;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const isOwnText = cause instanceof DeadlineError;
  return (isOwnText ? undefined : reasons[code]) ?? shortened(messageOf(cause));
}

/** The host did not answer for as long as it was retried. */
export function hostUnreachable(
  target: SshTarget,
  reason: string,
  waitedMs: number,
  cause: unknown,
): AppError {
  const waited = waitedMs >= 1000 ? ` within ${Math.round(waitedMs / 1000)} s` : '';
  return new AppError({
    code: 'host-unreachable',
    message: `${titleOf(target)} could not be reached${waited}: ${reason}.`,
    nextStep: 'Check address and port under [hosts], that the machine is up, and that "ssh" reaches it.',
    isRetryable: true,
    cause,
  });
}
