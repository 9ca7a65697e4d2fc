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
      ? [{ name: machines[at]?.name ?? '', failure: outcome.reason as unknown }]
      : [],
  );
  const bug = failed.find(({ failure }) => !(failure instanceof AppError));
  if (bug) throw bug.failure;
  if (failed.length > 0) throw machinesFailed(failed);
}

/** One error of all machines that failed. It is of the kind of those that can be reached, if there are any. */
export function machinesFailed(
  machines: readonly { readonly name: string; readonly failure: unknown }[],
): AppError {
  const failed = machines.filter(({ failure }) => failure !== null);
  const errors = failed.flatMap(({ failure }) => (failure instanceof AppError ? [failure] : []));
  const first = errors.find((error) => !isUnreachable(error)) ?? errors[0];
  const isWaitedFor = errors.every(isUnreachable);
  return new AppError({
    code: first?.code ?? 'unexpected',
    message: byMessage(failed).join(' '),
    nextStep: first?.nextStep ?? 'Check each with: cosmos doctor --host NAME',
    isRetryable: isWaitedFor,
    cause: first,
  });
}

/** What several machines failed with is said once. */
function byMessage(failed: readonly { readonly name: string; readonly failure: unknown }[]): string[] {
  const groups = Map.groupBy(failed, ({ failure }) => messageOf(failure));
  return Array.from(
    groups,
    ([message, machines]) => `${machines.map(({ name }) => name).join(', ')}: ${message}`,
  );
}

/** What a task made is on no machine that can be reached. */
export function outputGone(taskKey: string): AppError {
  return new AppError({
    code: 'worker-failed',
    message: `The result of task ${taskKey} is on no machine that can be reached.`,
    nextStep: 'Resume the run: it is made again.',
    isRetryable: true,
  });
}
