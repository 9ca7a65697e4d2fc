/** No server is waited for longer than this on its own word. */
const longestWaitMs = 5 * 60_000;

/**
 * Milliseconds that a `Retry-After` header asks to wait (RFC 9110, section 10.2.3: seconds or an HTTP date), at
 * most five minutes; null when there is none or it makes no sense.
 *
 * @param nowMs - Milliseconds since the Unix epoch.
 */
export function retryAfterMs(header: string | null, nowMs: number): number | null {
  if (header === null) return null;
  const text = header.trim();
  // Fractions are no standard, but some gateways send them.
  const waitMs = /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : Date.parse(text) - nowMs;
  if (Number.isNaN(waitMs)) return null;
  return Math.ceil(Math.min(Math.max(waitMs, 0), longestWaitMs));
}
