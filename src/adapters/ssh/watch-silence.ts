/** The other side is asked for a sign of life that often, in milliseconds, unless a caller says otherwise. */
export const defaultKeepaliveMs = 5_000;

const ticksPerKeepalive = 2;
/** A connection that is alive is silent for two ticks, or three. */
const suspiciousTicks = 4;
const maxSilentTicks = 6;

/** Watches the bytes that come in over a connection. */
export interface SilenceWatch {
  /** Whether there were none for longer than there should be; that is no proof that the connection is lost. */
  isSuspicious(): boolean;
  stop(): void;
}

/**
 * Calls `onSilent` when no byte came in for three times `keepaliveMs`. Silence is counted in ticks of a timer and
 * not in time, so that a process or a machine that slept does not take its own sleep for the other side's silence.
 *
 * @param bytesRead - How many bytes came in so far.
 * @param keepaliveMs - How often the other side is asked for a sign of life.
 */
export function watchSilence(
  bytesRead: () => number,
  keepaliveMs: number,
  onSilent: (seconds: number) => void,
): SilenceWatch {
  const tickMs = keepaliveMs / ticksPerKeepalive;
  let seen = bytesRead();
  let silentTicks = 0;
  const timer = setInterval(() => {
    const now = bytesRead();
    silentTicks = now === seen ? silentTicks + 1 : 0;
    seen = now;
    if (silentTicks < maxSilentTicks) return;
    clearInterval(timer);
    onSilent((maxSilentTicks * tickMs) / 1000);
  }, tickMs);
  return { isSuspicious: () => silentTicks >= suspiciousTicks, stop: () => clearInterval(timer) };
}
