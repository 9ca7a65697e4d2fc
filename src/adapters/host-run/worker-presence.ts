import { AppError } from '../../errors/app-error.ts';
import { isErrno } from '../../errors/system-error.ts';
import type { WorkerApi } from './worker-api.ts';

/** How long one query waits for an answer, in milliseconds. */
const queryTimeoutMs = 3_000;

/**
 * - `answering`: a process answers on the socket.
 * - `gone`: surely no process listens there.
 * - `unknown`: there was no answer. The process may be busy, or the connection may be slow.
 */
export type Presence = 'answering' | 'gone' | 'unknown';

/** Errors that say that a socket is not there, is no socket, or that no process listens on it. */
const goneCodes = ['ENOENT', 'ENOTSOCK', 'ECONNREFUSED'];

/** Whether a worker listens on its socket. @throws AppErrors of the connection to its host. */
export async function presenceOf(api: Pick<WorkerApi, 'get'>, timeoutMs = queryTimeoutMs): Promise<Presence> {
  try {
    await api.get('/healthz', timeoutMs);
    return 'answering';
  } catch (error) {
    return presenceAfter(error);
  }
}

/** What a failed call says about the worker. @throws AppErrors of the connection to its host. */
export function presenceAfter(error: unknown): Exclude<Presence, 'answering'> {
  if (error instanceof AppError) throw error;
  return isErrno(error, ...goneCodes) ? 'gone' : 'unknown';
}

/**
 * Whether any of a run's workers is there. A worker that is silent twice counts as there: only what is surely gone does not.
 *
 * @throws AppErrors of the connection to their host.
 */
export async function isAnyPresent(apis: readonly Pick<WorkerApi, 'get'>[]): Promise<boolean> {
  const query = async (api: Pick<WorkerApi, 'get'>) => {
    const first = await presenceOf(api);
    return first === 'unknown' ? await presenceOf(api) : first;
  };
  return (await Promise.all(apis.map(query))).some((presence) => presence !== 'gone');
}
