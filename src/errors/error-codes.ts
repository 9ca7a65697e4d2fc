/** What the process tells its caller; the table in `docs/exit-codes.md` is generated from here. */
export const exitCodes = {
  ok: 0,
  unexpected: 1,
  usage: 2,
  partial: 3,
  unreachable: 4,
  locked: 5,
  mismatch: 6,
  sigint: 130,
  sigterm: 143,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/**
 * Every code an {@link AppError} may carry, with the exit code it ends the program with when nothing
 * catches it. A new code without an exit code does not compile.
 */
export const exitCodeOf = {
  unexpected: exitCodes.unexpected,
  'usage-invalid': exitCodes.usage,
  'config-invalid': exitCodes.usage,
  'config-not-trusted': exitCodes.usage,
  'run-not-trusted': exitCodes.usage,
  'no-valid-spec': exitCodes.usage,
  'spec-exists': exitCodes.usage,
  'input-missing': exitCodes.usage,
  'run-not-found': exitCodes.usage,
  'run-ambiguous': exitCodes.usage,
  'prerequisite-missing': exitCodes.usage,
  'engine-rejected': exitCodes.usage,
  'engine-unreachable': exitCodes.unreachable,
  'failures-repeated': exitCodes.usage,
  'host-unknown': exitCodes.usage,
  'host-unreachable': exitCodes.unreachable,
  'host-key-unknown': exitCodes.usage,
  'host-key-changed': exitCodes.usage,
  'host-auth-failed': exitCodes.usage,
  'host-refused': exitCodes.usage,
  'host-busy': exitCodes.locked,
  'image-missing': exitCodes.usage,
  'image-failed': exitCodes.unexpected,
  'worker-failed': exitCodes.unexpected,
  'run-kind': exitCodes.usage,
  'run-locked': exitCodes.locked,
  'checkpoint-damaged': exitCodes.mismatch,
  'checkpoint-mismatch': exitCodes.mismatch,
  'checkpoint-version': exitCodes.mismatch,
  'disk-full': exitCodes.unexpected,
  'disk-read-only': exitCodes.unexpected,
  'video-unreadable': exitCodes.usage,
  'hint-failed': exitCodes.usage,
  'frames-failed': exitCodes.unexpected,
  'picture-unreadable': exitCodes.usage,
  'model-unreadable': exitCodes.usage,
  'output-exists': exitCodes.usage,
  'output-unsupported': exitCodes.usage,
  'output-invalid': exitCodes.unexpected,
} as const satisfies Record<string, ExitCode>;

export type ErrorCode = keyof typeof exitCodeOf;
