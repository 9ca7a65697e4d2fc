import { AppError } from '../../errors/app-error.ts';
import { isErrno } from '../../errors/system-error.ts';
import type { WorkerApi } from './worker-api.ts';

/** How long one look waits for an answer, in milliseconds. */
const lookTimeoutMs = 3_000;

/** How often somebody who says nothing is looked for. */
const maxLooks = 2;

/**
 * - `answering`: somebody is there.
 * - `gone`: surely nobody is.
 * - `unknown`: there was no answer, which says nothing: whoever is there may be held up, or the way there may be.
 */
export type Presence = 'answering' | 'gone' | 'unknown';

/** What connecting says where there is no socket, or none that a process listens on. */
const goneCodes = ['ENOENT', 'ENOTSOCK', 'ECONNREFUSED'];

/** Whether somebody is at the socket. @throws AppErrors of the way there. */
export async function presenceOf(api: Pick<WorkerApi, 'get'>, timeoutMs = lookTimeoutMs): Promise<Presence> {
  try {
    await api.get('/healthz', timeoutMs);
    return 'answering';
  } catch (error) {
    return presenceAfter(error);
  }
}

/** What the failure of a call says about who was called. @throws AppErrors, which say that nobody knows. */
export function presenceAfter(error: unknown): Exclude<Presence, 'answering'> {
  if (error instanceof AppError) throw error;
  return isErrno(error, ...goneCodes) ? 'gone' : 'unknown';
}

/**
 * Whether any of a run's workers is there. One who does not answer, however often he is asked, is: only what is
 * surely gone counts as such.
 *
 * @throws AppErrors of the way there.
 */
export async function isAnyThere(apis: readonly Pick<WorkerApi, 'get'>[]): Promise<boolean> {
  const presences = await Promise.all(apis.map(lookTwice));
  return presences.some((presence) => presence !== 'gone');
}

async function lookTwice(api: Pick<WorkerApi, 'get'>): Promise<Presence> {
  let presence = await presenceOf(api);
  for (let looks = 1; presence === 'unknown' && looks < maxLooks; looks += 1)
    presence = await presenceOf(api);
  return presence;
}
