/** How long to wait between attempts, in milliseconds. */
export interface BackoffPolicy {
  /** Upper bound of the first wait. */
  readonly baseDelayMs: number;
  /** Upper bound of every wait. */
  readonly maxDelayMs: number;
}

/**
 * Milliseconds to wait after a failed attempt: exponential with full jitter, that is a random share of a bound
 * that doubles with every attempt. Full jitter spreads clients that failed together best (Brooker, "Exponential
 * Backoff And Jitter", 2015).
 *
 * @param attempt - Number of the attempt that failed, from 1.
 * @param random01 - A random number from 0 up to, but not including, 1.
 */
export function backoffDelayMs(attempt: number, policy: BackoffPolicy, random01: number): number {
  const doublings = Math.min(Math.max(attempt, 1) - 1, 52);
  const boundMs = Math.min(policy.maxDelayMs, policy.baseDelayMs * 2 ** doublings);
  return Math.floor(random01 * boundMs);
}
