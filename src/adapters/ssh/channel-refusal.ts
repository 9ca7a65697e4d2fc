/** An SSH server's no to a channel, as ssh2 throws it. */
export interface ChannelRefusal extends Error {
  /** Of RFC 4254: 1 administratively prohibited, 2 connect failed, 3 unknown channel type, 4 resource shortage. */
  readonly reason: number;
}

/** Whether an error is a server's no to a channel, and not a trouble of the connection. */
export function isChannelRefusal(error: unknown): error is ChannelRefusal {
  return error instanceof Error && 'reason' in error && typeof error.reason === 'number';
}

/** Whether the server said that such channels are not allowed, or that it knows none. */
export function isForbidden(refusal: ChannelRefusal): boolean {
  return refusal.reason === 1 || refusal.reason === 3;
}
