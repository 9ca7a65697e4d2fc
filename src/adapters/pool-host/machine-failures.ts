import { AppError, messageOf } from '../../errors/app-error.ts';

export function isUnreachable(error: unknown): boolean {
  return error instanceof AppError && error.code === 'host-unreachable';
}

/** Throws what went wrong, if anything did: a bug first; else one error that names each machine. */
export function throwFailures(
  outcomes: readonly PromiseSettledResult<unknown>[],
  machines: readonly { readonly name: string }[],
): void {
  const failed = outcomes.flatMap((outcome, at) =>
    outcome.status === 'rejected'
      ? [{ name: machines[at]?.name ?? '', error: outcome.reason as unknown }]
      : [],
  );
  const bug = failed.find(({ error }) => !(error instanceof AppError));
  if (bug) throw bug.error;
  if (failed.length > 0) throw machinesFailed(failed);
}

/** One error of several machines. It is of the kind of those that can be reached, if there are any. */
export function machinesFailed(
  failed: readonly { readonly name: string; readonly error: unknown }[],
): AppError {
  const errors = failed.flatMap(({ error }) => (error instanceof AppError ? [error] : []));
  const first = errors.find((error) => !isUnreachable(error)) ?? errors[0];
  const isWaitedFor = errors.every(isUnreachable);
  return new AppError({
    code: first?.code ?? 'unexpected',
    message: failed.map(({ name, error }) => `${name}: ${messageOf(error)}`).join(' '),
    nextStep: first?.nextStep ?? 'See how each stands with: cosmos doctor --host NAME',
    isRetryable: isWaitedFor,
    cause: first,
  });
}

/** What a task made is on no machine that can be reached. */
export function outputGone(taskKey: string): AppError {
  return new AppError({
    code: 'worker-failed',
    message: `What task ${taskKey} made is on no machine that can be reached.`,
    nextStep: 'Resume the run: it is made again.',
    isRetryable: true,
  });
}
