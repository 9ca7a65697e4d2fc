import { onAbort } from '../ssh/deadline.ts';

/** Waits for `work`, but not longer than until `signal` aborts. @throws The signal's reason when it does. */
export async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return await work;
  const aborted = Promise.withResolvers<never>();
  const stopListening = onAbort([signal], aborted.reject);
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    stopListening();
  }
}
