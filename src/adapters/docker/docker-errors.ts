import { shortened } from '../../core/shortened.ts';
import { AppError, messageOf } from '../../errors/app-error.ts';
import { TooMuchError } from '../bounded-stream.ts';

/**
 * Why a request was not answered. `refused`: no access to the socket. `absent`: no process listens there.
 * `lost`: the connection broke, or nothing arrived for too long.
 */
type ConnectionFailure = 'refused' | 'absent' | 'lost';

/** The daemon failed because it, or the containerd below it, stops or starts. */
export class DaemonUnavailableError extends Error {}

/** An answer of the daemon with the status of an error. */
export class DockerRefusal extends Error {
  override readonly name = 'DockerRefusal';
  readonly statusCode: number;

  constructor(statusCode: number, meaning: string, text: string) {
    super(`(HTTP code ${statusCode}) ${meaning} - ${shortened(text.trim(), 2000)} `);
    this.statusCode = statusCode;
  }
}

const unavailablePattern =
  /shutting down|ttrpc: closed|transport is closing|containerd\.sock|code = (Unavailable|Canceled)|context canceled|object type \*libnetwork/i;

/** Whether a daemon says so while it stops or starts; the same request will succeed later. */
export function isDaemonUnavailable(reason: string): boolean {
  return unavailablePattern.test(reason);
}

/** The HTTP status of an answer that says what is wrong; null for every other error. */
export function statusOf(error: unknown): number | null {
  return error instanceof DockerRefusal ? error.statusCode : null;
}

/** What the daemon said, without the frame around it: `(HTTP code 500) server error - … `. */
export function dockerReason(error: unknown): string {
  return messageOf(error)
    .replace(/^\(HTTP code \d+\) [^-]* - /, '')
    .trim();
}

/** Sorts an error of the connection; null for answers of the daemon, whatever their size, AppErrors and bugs of our own. */
export function connectionFailureOf(error: unknown): ConnectionFailure | null {
  if (!(error instanceof Error) || error instanceof AppError || error instanceof TooMuchError) return null;
  const status = statusOf(error);
  if (status !== null) return status >= 500 && isDaemonUnavailable(error.message) ? 'lost' : null;
  if (error instanceof TypeError || error instanceof RangeError || error instanceof SyntaxError) return null;
  const code = 'code' in error ? error.code : null;
  if (code === 'EACCES' || code === 'EPERM' || /permission denied/i.test(error.message)) return 'refused';
  if (code === 'ENOENT' || code === 'ECONNREFUSED') return 'absent';
  // sshd gives no reason when it cannot open a socket for us: "open failed", at most "connect failed".
  if (/channel open failure|open failed|connect failed|no such (file|socket)/i.test(error.message))
    return 'absent';
  return 'lost';
}

/** Where a daemon is, for messages. */
export interface DaemonLocation {
  readonly hostName: string;
  /** Of the daemon's socket on the host. */
  readonly socketPath: string;
}

export function asHostError(failure: ConnectionFailure, daemon: DaemonLocation, cause: unknown): AppError {
  const { hostName, socketPath } = daemon;
  const reason = shortened(messageOf(cause));
  if (failure === 'refused')
    return new AppError({
      code: 'host-refused',
      message: `${hostName}: no permission to use the Docker daemon at ${socketPath}.`,
      nextStep: 'Add the user to the group docker there (sudo usermod -aG docker USER), and log in again.',
      cause,
    });
  if (failure === 'absent')
    return new AppError({
      code: 'host-refused',
      message: `${hostName}: no Docker daemon can be reached at ${socketPath} (${reason}).`,
      nextStep: `Start Docker there and add the user to the group docker; or name its socket as docker_socket in [hosts.${hostName}].`,
      cause,
    });
  return new AppError({
    code: 'host-unreachable',
    message: `${hostName}: the Docker daemon at ${socketPath} does not answer (${reason}).`,
    nextStep: 'What runs there keeps running; try again when it answers.',
    isRetryable: true,
    cause,
  });
}
