/**
 * Calls `listener` with the reason as soon as one of the signals aborts, at once if one has.
 *
 * @returns What stops listening; a caller that outlives its wait has to call it.
 */
export function onAbort(
  signals: AbortSignal | readonly AbortSignal[],
  listener: (reason: unknown) => void,
): () => void {
  const all = signals instanceof AbortSignal ? [signals] : signals;
  const listen = (event: Event) => listener((event.target as AbortSignal).reason);
  const aborted = all.find((signal) => signal.aborted);
  if (aborted) {
    listener(aborted.reason);
    return () => undefined;
  }
  for (const signal of all) signal.addEventListener('abort', listen, { once: true });
  return () => {
    for (const signal of all) signal.removeEventListener('abort', listen);
  };
}

/**
 * Waits for `work`, but not longer than until `signal` aborts. A later rejection of `work` is ignored then.
 *
 * @throws The signal's reason when it aborts; at once when it has aborted.
 */
export async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return await work;
  work.catch(() => undefined);
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const stopListening = onAbort(signal, aborted.reject);
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    stopListening();
  }
}
